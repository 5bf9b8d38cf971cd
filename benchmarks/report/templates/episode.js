// One episode: what was said turn by turn, what each turn earned, and how it was judged.

const SHADES = 8;
const TOKENS = 4000;
const OWN_INFO = new Set(["tool_calls", "tool_errors", "repaired"]);

/** The whole of an episode, as one element. */
function episodeView(columns, i, record, raw) {
  const { trajectory } = record;
  const turns = (trajectory.turns ?? []).map((turn, number, all) => turnView(turn, number, all, raw));
  return el("article", { class: "episode", "aria-label": `episode ${columns.task[i]}/${columns.sample[i]}` },
    headView(columns, i, record),
    el("ol", { class: "turns" }, turns.length ? turns : el("li", { class: "quiet" }, "No turn was recorded.")),
    verdictView(record),
    foldable({ class: "record" }, ["The record as JSON"], () => block(JSON.stringify(record, null, 1), "code")));
}

function headView(columns, i, record) {
  return el("header", { class: `head ${record.outcome}` },
    el("div", { class: "title" },
      el("span", { class: "sign", "aria-hidden": "true" }, OUTCOME_SIGNS[record.outcome]),
      el("h2", {}, `Task ${record.task}, sample ${record.sample} `, el("small", {}, labelOf(columns, i))),
      el("span", { class: "outcome" }, `${record.outcome} ${score(record.value)}`)),
    record.explanation ? el("p", { class: "because" }, plain(record.explanation.slice(0, 300))) : null,
    el("p", { class: "meta" }, metaOf(columns, i, record).map((text) => el("span", {}, shown(text)))),
    siblingsView(columns, i));
}

function metaOf(columns, i, record) {
  const stop = record.trajectory.stop_reason;
  return [
    plural(columns.turns[i], "turn"),
    columns.tool_calls[i] ? `${plural(columns.tool_calls[i], "call")}${columns.tool_errors[i] ? `, ${columns.tool_errors[i]} failed` : ""}` : "",
    columns.has_tokens ? `${plural(columns.tokens[i], "token")} sampled` : `${count(columns.characters[i])} characters said`,
    columns.seconds[i] === null ? "" : seconds(columns.seconds[i]),
    record.category ? `category ${record.category}` : "",
    stop && stop !== "completed" ? `stopped: ${stop}` : "",
    record.truncated ? "cut by a limit" : "",
    record.attempt > 1 ? `start ${record.attempt}` : "",
    ...record.flags.map((flag) => `⚑ ${flag}`),
  ].filter(Boolean);
}

/** The samples of the same task, to go from one to the other. */
function siblingsView(columns, i) {
  let from = i;
  let to = i;
  while (from > 0 && columns.task[from - 1] === columns.task[i]) from--;
  while (to + 1 < columns.length && columns.task[to + 1] === columns.task[i]) to++;
  if (from === to) return null;
  const links = [];
  for (let at = Math.max(from, i - 32); at <= Math.min(to, i + 32); at++) {
    const outcome = columns.outcome.names[columns.outcome.of[at]];
    links.push(el("a", {
      class: outcome, href: `#e=${columns.task[at]}/${columns.sample[at]}`, "aria-current": at === i ? "true" : null,
      title: `sample ${columns.sample[at]}: ${outcome} ${score(columns.value[at])}`,
    }, `${OUTCOME_SIGNS[outcome]} ${columns.sample[at]}`));
  }
  return el("nav", { class: "siblings", "aria-label": "samples of this task" }, "samples ", links);
}

function turnView(turn, number, all, raw) {
  const before = all[number - 1];
  const heard = turn.observation.map((message) =>
    messageView(message, raw, message.role === "tool" ? nameOfCall(message, before) : ""));
  return el("li", { class: "turn" },
    heard.length ? el("div", { class: "heard" }, heard) : null,
    el("div", { class: "said" }, messageView(raw ? turn.completion.message : readTurn(turn), raw), asideView(turn, number, number + 1 === all.length)),
    tokensView(turn.completion));
}

const nameOfCall = (message, before) =>
  (before ? readTurn(before).tool_calls.find((call) => call.id === message.tool_call_id)?.name : "") ?? "";

function messageView(message, raw, name = "") {
  const views = contentViews(message, raw);
  const label = [el("span", { class: "role" }, message.role), name ? el("b", {}, shown(name)) : null];
  if (message.role === "system" && message.content.length > 400 && !raw) {
    const head = [...label, el("span", { class: "preview" }, plain(message.content.slice(0, 160)))];
    return foldable({ class: "message system" }, head, () => el("div", {}, views));
  }
  if (message.role === "tool") return foldable({ class: "message tool" }, label, () => el("div", {}, views), true);
  return el("section", { class: `message ${message.role}` }, el("div", { class: "label" }, label), views);
}

/** Beside a turn: what it earned and what it took. That a turn on the way earned nothing goes without saying. */
function asideView(turn, number, last) {
  const { completion, info } = turn;
  const facts = [
    typeof info.tool_calls === "number" && info.tool_calls ? plural(info.tool_calls, "call") : "",
    info.tool_errors ? `${info.tool_errors} failed` : "",
    info.repaired ? "call repaired" : "",
    completion.finish_reason === "length" ? "cut: length" : "",
    completion.cached ? "from the cache" : "",
    completion.prompt_ids > 0 ? `${count(completion.prompt_ids)} tokens in` : "",
    completion.token_ids.length ? `${count(completion.token_ids.length)} tokens out` : "",
    ...timing(turn),
  ].filter(Boolean);
  const parts = Object.entries(info).filter(([name]) => !OWN_INFO.has(name));
  return el("aside", { "aria-label": `turn ${number + 1}` },
    el("div", {}, `turn ${number + 1}`),
    turn.reward !== 0 || last ? rewardView(turn.reward) : null,
    parts.map(([name, value]) => el("div", { class: "part" }, shown(`${name} ${short(value)}`))),
    facts.map((fact) => el("div", { class: /failed|cut|repaired/.test(fact) ? "warn" : "" }, fact)));
}

function rewardView(reward) {
  if (typeof reward !== "number") return el("div", { class: "reward" }, `reward ${reward ?? "unknown"}`);
  const kind = reward > 0 ? "reward earned" : reward < 0 ? "reward lost" : "reward";
  return el("div", { class: kind }, `reward ${reward > 0 ? "+" : ""}${score(reward)}`);
}

const short = (value) => {
  const text = typeof value === "string" ? value : typeof value === "number" ? score(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
};

function timing(turn) {
  const known = [["sampling", turn.sampling_seconds], ["step", turn.step_seconds]].filter(([, value]) => typeof value === "number");
  return known.map(([name, value]) => `${name} ${seconds(value)}`);
}

/** The sampled ids, shaded by how unlikely they were. */
function tokensView(completion) {
  const { token_ids: ids, logprobs } = completion;
  if (!ids.length) return null;
  const known = logprobs?.filter((value) => typeof value === "number") ?? [];
  const mean = known.length ? `, mean log-probability ${score(known.reduce((a, b) => a + b, 0) / known.length)}` : "";
  return foldable({ class: "tokens" }, [`${plural(ids.length, "token")}${mean}`], () => {
    const made = el("p", { class: "ids" });
    const draw = (from, to) => made.append(...ids.slice(from, to).flatMap((id, at) => [tokenView(id, logprobs?.[from + at]), " "]));
    draw(0, TOKENS);
    if (ids.length > TOKENS) {
      made.append(el("button", { type: "button", class: "more", on: { click: (event) => { event.target.remove(); draw(TOKENS); } } }, "show the others"));
    }
    return made;
  });
}

function tokenView(id, logprob) {
  if (typeof logprob !== "number") return el("span", {}, String(id));
  const shade = Math.min(SHADES, Math.round(-logprob * 1.5));
  return el("span", { class: `p${shade}`, title: `log-probability ${logprob.toFixed(3)}, probability ${Math.exp(logprob).toFixed(3)}` }, String(id));
}

/** What the verifier found, and why. */
function verdictView(record) {
  const { trajectory } = record;
  const judged = trajectory.score;
  const rows = [
    ["verdict", judged ? (judged.verdict === record.outcome ? null : judged.verdict) : "none: the episode stopped before one"],
    ["score", score(record.value)],
    ["without the format", record.lenient === null || record.lenient === undefined ? null : score(record.lenient)],
    ["why", record.explanation],
    ["answer read", record.extracted],
    ["error", trajectory.error && trajectory.error !== record.explanation ? trajectory.error : null],
    ["flags", record.flags.join(", ")],
    ["ended", trajectory.stop_reason === "completed" ? null : trajectory.stop_reason],
    ["verdict took", judged && typeof judged.seconds === "number" ? seconds(judged.seconds) : null],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  const metrics = Object.entries(judged?.metrics ?? {});
  return el("section", { class: `verdict ${record.outcome}`, "aria-label": "verdict" },
    el("h3", {}, `${OUTCOME_SIGNS[record.outcome]} ${record.outcome}`),
    el("table", { class: "arguments" }, el("tbody", {}, [
      ...rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, argument(String(value))))),
      ...metrics.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, "part ", shown(name)), el("td", {}, typeof value === "number" ? score(value) : shown(String(value))))),
    ])));
}
