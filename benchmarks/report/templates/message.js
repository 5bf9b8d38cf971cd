// What was said: text, reasoning, code, calls of tools and their results.

const OPENING = /<think>|<tool_call>|\[TOOL_CALLS\]|<\|python_tag\|>|^```([^\n`]*)\n/gm;
const OUTCOME_SIGNS = {
  correct: "✓", partial: "◐", incorrect: "✗", unparsed: "?", invalid: "!", error: "!", unfinished: "…",
};

/** A message's content taken apart: [{kind: text | reasoning | code | call, ...}]. A call written as text is a call. */
function segments(content) {
  const found = [];
  const push = (text) => text.trim() && found.push({ kind: "text", text: text.replace(/^\n+|\s+$/g, "") });
  let from = 0;
  const thought = content.indexOf("</think>");
  if (thought >= 0 && !content.slice(0, thought).includes("<think>")) {
    found.push({ kind: "reasoning", text: content.slice(0, thought) });
    from = thought + "</think>".length;
  }
  OPENING.lastIndex = from;
  for (let match; (match = OPENING.exec(content)); OPENING.lastIndex = from) {
    push(content.slice(from, match.index));
    const body = match.index + match[0].length;
    const take = TAKES[match[0]] ?? codeAt;
    const [taken, end] = take(content, body, match);
    found.push(...[taken].flat());
    from = end;
  }
  push(content.slice(from));
  return found;
}

const TAKES = { "<think>": reasoningAt, "<tool_call>": callAt, "[TOOL_CALLS]": listAt, "<|python_tag|>": listAt };

const upTo = (text, start, mark) => {
  const end = text.indexOf(mark, start);
  return end < 0 ? [text.slice(start), text.length, false] : [text.slice(start, end), end + mark.length, true];
};

function reasoningAt(text, start) {
  const [inside, end, closed] = upTo(text, start, "</think>");
  return [{ kind: "reasoning", text: inside, closed }, end];
}

function codeAt(text, start, match) {
  const close = /^```[ \t]*$/gm;
  close.lastIndex = start;
  const end = close.exec(text);
  const code = text.slice(start, end ? end.index : text.length);
  return [{ kind: "code", language: match[1].trim(), text: code.replace(/\n$/, "") }, end ? close.lastIndex : text.length];
}

function callAt(text, start) {
  const brace = text.slice(start).search(/\S/);
  const end = brace >= 0 && text[start + brace] === "{" ? endOfJson(text, start + brace) : -1;
  if (end < 0) {
    const [inside, after, closed] = upTo(text, start, "</tool_call>");
    return [tagged(inside) ?? { kind: "call", name: "", raw: inside, broken: closed ? "not readable as a call" : "cut" }, after];
  }
  const raw = text.slice(start + brace, end);
  const rest = text.slice(end).match(/^\s*<\/tool_call>/);
  return [{ kind: "call", broken: rest ? "" : "not closed", ...named(raw), raw }, end + (rest ? rest[0].length : 0)];
}

/** The calls after a mark that has no end: a JSON list, a JSON object, or `name[ARGS]{...}`. */
function listAt(text, start) {
  const name = text.slice(start).match(/^\s*(?:([\w.-]+)\[ARGS\])?\s*/);
  const from = start + name[0].length;
  const end = "[{".includes(text[from] || " ") ? endOfJson(text, from) : -1;
  if (end < 0) return [{ kind: "call", name: name[1] ?? "", raw: text.slice(start), broken: "not readable as a call" }, text.length];
  const raw = text.slice(from, end);
  if (name[1]) return [structured({ name: name[1], arguments: raw }), end];
  const parts = raw[0] === "[" ? listed(raw) : [raw];
  return [parts.map((part) => ({ kind: "call", broken: "", ...named(part), raw: part })), end];
}

function listed(raw) {
  try {
    return JSON.parse(raw).map((part) => JSON.stringify(part));
  } catch {
    return [raw];
  }
}

/** Where the JSON value that begins here ends; -1 where it does not. Brackets inside strings do not count. */
function endOfJson(text, start) {
  let depth = 0;
  let quoted = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char === "\\") i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{" || char === "[") depth++;
    else if ((char === "}" || char === "]") && --depth === 0) return i + 1;
  }
  return -1;
}

function named(raw) {
  try {
    const value = JSON.parse(raw);
    const given = value.arguments ?? value.parameters ?? {};
    return { name: String(value.name ?? ""), arguments: typeof given === "string" ? JSON.parse(given) : given };
  } catch {
    return { name: "", broken: "not JSON" };
  }
}

/** `<function=name><parameter=key>value</parameter></function>`. */
function tagged(text) {
  const name = text.match(/<function=([^>\n]*)>/);
  if (!name) return null;
  const pairs = [...text.matchAll(/<parameter=([^>\n]*)>\n?([\s\S]*?)\n?<\/parameter>/g)];
  return { kind: "call", name: name[1], arguments: Object.fromEntries(pairs.map((pair) => [pair[1], pair[2]])), raw: text, broken: "" };
}

/** A call of the structured form, whose arguments are JSON text that may not parse. */
function structured(call) {
  try {
    return { kind: "call", id: call.id, name: call.name, arguments: JSON.parse(call.arguments || "{}"), raw: call.arguments, broken: "" };
  } catch {
    return { kind: "call", id: call.id, name: call.name, raw: call.arguments, broken: "arguments are not JSON" };
  }
}

function callView(call) {
  const short = call.arguments === undefined ? call.raw : JSON.stringify(call.arguments);
  const head = [
    el("span", { class: "tag" }, "call"), el("b", {}, shown(call.name || "unreadable")),
    call.broken ? el("span", { class: "warn" }, call.broken) : null,
    el("span", { class: "preview" }, plain(short.slice(0, 200))),
  ];
  return foldable({ class: "call" }, head, () => callBody(call), true);
}

function callBody(call) {
  const readable = call.arguments !== undefined && call.arguments !== null && typeof call.arguments === "object";
  const body = el("div", { class: "inside" });
  if (!readable) return body.append(block(call.raw, "code")), body;
  const rows = Object.entries(call.arguments);
  body.append(rows.length ? argumentTable(rows) : el("p", { class: "quiet" }, "no arguments"));
  body.append(foldable({ class: "raw-json" }, ["JSON as written"], () => block(call.raw, "code")));
  return body;
}

const argumentTable = (rows) =>
  el("table", { class: "arguments" }, el("tbody", {}, rows.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, shown(name)), el("td", {}, argument(value))))));

function argument(value) {
  if (typeof value === "string") return value.includes("\n") || value.length > 200 ? block(value, "code") : shown(value);
  return block(laidOut(value), "value");
}

/** A value as JSON: what fits on a line stands on one. */
function laidOut(value, indent = "") {
  const flat = JSON.stringify(value);
  if (typeof value !== "object" || value === null || flat.length + indent.length <= 88) return spaced(value, flat);
  const deeper = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList ? value.map((each) => laidOut(each, deeper))
    : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${laidOut(each, deeper)}`);
  return `${isList ? "[" : "{"}\n${deeper}${parts.join(`,\n${deeper}`)}\n${indent}${isList ? "]" : "}"}`;
}

/** One line of JSON with a space after its commas and colons. */
function spaced(value, flat) {
  if (typeof value !== "object" || value === null) return flat;
  if (Array.isArray(value)) return `[${value.map((each) => spaced(each, JSON.stringify(each))).join(", ")}]`;
  return `{${Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${spaced(each, JSON.stringify(each))}`).join(", ")}}`;
}

function reasoningView(text) {
  const head = [el("span", { class: "tag" }, "reasoning"), el("span", { class: "preview" }, plain(text.trim().slice(0, 160)))];
  return foldable({ class: "reasoning" }, head, () => block(text.trim()));
}

/** A result of a tool; JSON is laid out, anything else stays as it is. */
function resultBody(content) {
  try {
    const value = JSON.parse(content);
    if (value !== null && typeof value === "object") return block(laidOut(value), "code");
  } catch {
    // no JSON: text
  }
  return block(content, "code");
}

/** The inside of a message, as its role wants it; `raw`: exactly what was written. */
function contentViews(message, raw) {
  const calls = message.tool_calls.map(structured);
  const thought = message.reasoning ? [reasoningView(message.reasoning)] : [];
  if (raw) {
    const reasoning = message.reasoning ? [block(message.reasoning, "code")] : [];
    const written = calls.length ? [block(JSON.stringify(message.tool_calls, null, 1), "code")] : [];
    return [...reasoning, block(message.content, "code"), ...written];
  }
  if (message.role === "tool") return [resultBody(message.content)];
  if (message.role !== "assistant") return [block(message.content)];
  const said = [...segments(message.content), ...calls].map(segmentView);
  return said.length || thought.length ? [...thought, ...said] : [el("p", { class: "quiet" }, "said nothing")];
}

function segmentView(segment) {
  if (segment.kind === "call") return callView(segment);
  if (segment.kind === "reasoning") return reasoningView(segment.text);
  return segment.kind === "code" ? block(segment.text, "code") : block(segment.text);
}

/** The names of a turn's calls, structured or written as text, in order. */
const callNames = (message) =>
  [...segments(message.content).filter((each) => each.kind === "call"), ...message.tool_calls].map((call) => call.name);
