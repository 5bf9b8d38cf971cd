// What was said: text, reasoning, code, calls of tools and their results.

const OPENING = /<think>|^```([^\n`]*)\n/gm;
const OUTCOME_SIGNS = {
  correct: "✓", partial: "◐", incorrect: "✗", unparsed: "?", invalid: "!", error: "!", unfinished: "…",
};

/** A message's content taken apart: [{kind: text | reasoning | code, ...}]. */
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
    const [taken, end] = match[0] === "<think>" ? reasoningAt(content, body) : codeAt(content, body, match);
    found.push(taken);
    from = end;
  }
  push(content.slice(from));
  return found;
}

function reasoningAt(text, start) {
  const end = text.indexOf("</think>", start);
  const [inside, after] = end < 0 ? [text.slice(start), text.length] : [text.slice(start, end), end + "</think>".length];
  return [{ kind: "reasoning", text: inside }, after];
}

function codeAt(text, start, match) {
  const close = /^```[ \t]*$/gm;
  close.lastIndex = start;
  const end = close.exec(text);
  const code = text.slice(start, end ? end.index : text.length);
  return [{ kind: "code", language: match[1].trim(), text: code.replace(/\n$/, "") }, end ? close.lastIndex : text.length];
}

/** A call, whose arguments are JSON text that may be none, or no object: `broken` then says so. */
function readCall({ name, arguments: raw }) {
  try {
    const given = JSON.parse(raw || "{}");
    const isObject = given !== null && typeof given === "object" && !Array.isArray(given);
    return { name, raw, ...(isObject ? { arguments: given, broken: "" } : { broken: "arguments are no JSON object" }) };
  } catch {
    return { name, raw, broken: "arguments are not JSON" };
  }
}

/** What a turn said as the environment read it; where it read no call, as the agent said it. */
function readTurn(turn) {
  const { message } = turn.completion;
  return turn.action?.tool_calls.length ? { ...turn.action, reasoning: message.reasoning } : message;
}

function callView(call) {
  const short = call.arguments === undefined ? call.raw : JSON.stringify(call.arguments);
  const head = [
    el("span", { class: "tag" }, "call"), el("b", {}, shown(call.name || "unnamed")),
    call.broken ? el("span", { class: "warn" }, call.broken) : null,
    el("span", { class: "preview" }, plain(short.slice(0, 200))),
  ];
  return foldable({ class: "call" }, head, () => callBody(call), true);
}

function callBody(call) {
  const body = el("div", { class: "inside" });
  if (call.arguments === undefined) return body.append(block(call.raw, "code")), body;
  const rows = Object.entries(call.arguments);
  body.append(rows.length ? argumentTable(rows) : el("p", { class: "quiet" }, "no arguments"));
  body.append(foldable({ class: "raw-json" }, ["arguments as JSON"], () => block(call.raw, "code")));
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
  const thought = message.reasoning ? [reasoningView(message.reasoning)] : [];
  if (raw) {
    const reasoning = message.reasoning ? [block(message.reasoning, "code")] : [];
    const written = message.tool_calls.length ? [block(JSON.stringify(message.tool_calls, null, 1), "code")] : [];
    return [...reasoning, block(message.content, "code"), ...written];
  }
  if (message.role === "tool") return [resultBody(message.content)];
  if (message.role !== "assistant") return [block(message.content)];
  const said = [...segments(message.content).map(segmentView), ...message.tool_calls.map((call) => callView(readCall(call)))];
  return said.length || thought.length ? [...thought, ...said] : [el("p", { class: "quiet" }, "said nothing")];
}

function segmentView(segment) {
  if (segment.kind === "reasoning") return reasoningView(segment.text);
  return segment.kind === "code" ? block(segment.text, "code") : block(segment.text);
}
