// Building the page. What a model wrote becomes text nodes, never markup; characters nobody sees are shown by name.

const UNSEEN =
  /(?![\n\t]|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034F\u115F\u1160\u3164\uFFA0\u{E0100}-\u{E01EF}]/gu;
const NAMES = {
  0x00: "null", 0x07: "bell", 0x08: "backspace", 0x0d: "carriage return", 0x1b: "escape", 0xad: "soft hyphen",
  0x200b: "zero width space", 0x200c: "zero width non-joiner", 0x200d: "zero width joiner",
  0x200e: "left-to-right mark", 0x200f: "right-to-left mark", 0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding", 0x202c: "pop directional formatting", 0x202d: "left-to-right override",
  0x202e: "right-to-left override", 0x2066: "left-to-right isolate", 0x2067: "right-to-left isolate",
  0x2068: "first strong isolate", 0x2069: "pop directional isolate", 0xfeff: "byte order mark",
};
const LONG = 6000;

/** An element with attributes and children; `on` holds listeners. Strings become text. */
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, action] of Object.entries(value)) made.addEventListener(event, action);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const codeOf = (char) => `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** Text of others as nodes: unseen characters as marked codes. */
function shown(text) {
  const pieces = document.createDocumentFragment();
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (found.index > from) pieces.append(text.slice(from, found.index));
    const name = NAMES[found[0].codePointAt(0)];
    const code = codeOf(found[0]);
    pieces.append(el("span", { class: "unseen", title: name ? `${code} ${name}` : code }, code));
    from = found.index + found[0].length;
  }
  pieces.append(from ? text.slice(from) : text);
  return pieces;
}

/** The same for a place that takes a plain string: one line of a list, a title. */
const plain = (text) => text.replace(UNSEEN, (char) => `‹${codeOf(char)}›`);

/** A block of text; a long one is cut, and a button shows the rest. */
function block(text, kind = "text") {
  const made = el(kind === "text" ? "div" : "pre", { class: kind, tabindex: kind === "text" ? null : "0" });
  if (text.length <= LONG * 1.2) {
    made.append(shown(text));
    return made;
  }
  const more = () => made.replaceChildren(shown(text));
  made.append(
    shown(text.slice(0, LONG)), "… ",
    el("button", { type: "button", class: "more", on: { click: more } }, `show all ${count(text.length)} characters`),
  );
  return made;
}

/** Something to open, whose inside is built when it is opened first. */
function foldable(attributes, summary, build, open = false) {
  const made = el("details", attributes, el("summary", {}, summary));
  let built = false;
  const fill = () => {
    if (!made.open || built) return;
    built = true;
    made.append(build());
  };
  made.addEventListener("toggle", fill);
  made.open = open;
  fill();
  return made;
}

const count = (number) => number.toLocaleString("en-GB");
const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;

/** A score: as many digits as it needs, three at most. */
const score = (value) => (value === null ? "–" : String(Math.round(value * 1000) / 1000));

function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 0.001) return "<1 ms";
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 120) return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}
