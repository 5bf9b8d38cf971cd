// The list of episodes: filters, order, and only those rows drawn that are in view.

const ROW = 46;
const SPARE = 8;
const SORTS = {
  task: ["task", (c, i) => i, 1],
  reward: ["reward", (c, i) => c.value[i] ?? -1, 1],
  turns: ["turns", (c, i) => c.turns[i], -1],
  tokens: ["tokens", (c, i) => (c.has_tokens ? c.tokens[i] : c.characters[i]), -1],
  seconds: ["seconds", (c, i) => c.seconds[i] ?? -1, -1],
  spread: ["disagreement", (c, i) => c.spread[i], -1],
};
const NO_FILTER = { outcome: "", category: "", flag: "", attempt: "", truncated: "", q: "", sort: "", up: "" };

/** Places of the episodes that pass a filter, in its order. */
function selected(columns, filter) {
  const outcomes = new Set(filter.outcome ? filter.outcome.split(",").map((name) => columns.outcome.names.indexOf(name)) : []);
  const category = columns.category.names.indexOf(filter.category);
  const flag = columns.flags.names.map((flags) => flags.includes(filter.flag));
  const words = filter.q.toLowerCase().trim();
  const found = [];
  for (let i = 0; i < columns.length; i++) {
    if (outcomes.size && !outcomes.has(columns.outcome.of[i])) continue;
    if (filter.category && columns.category.of[i] !== category) continue;
    if (filter.flag && !flag[columns.flags.of[i]]) continue;
    if (filter.attempt && columns.attempt[i] !== Number(filter.attempt)) continue;
    if (filter.truncated && !columns.truncated[i]) continue;
    if (words && !columns.words[i].includes(words)) continue;
    found.push(i);
  }
  return ordered(columns, found, filter);
}

function ordered(columns, found, filter) {
  const [, key, natural] = SORTS[filter.sort] ?? SORTS.task;
  const direction = filter.up ? -natural : natural;
  if (key === SORTS.task[1]) return direction > 0 ? found : found.reverse();
  const keys = new Float64Array(columns.length);
  for (const i of found) keys[i] = key(columns, i);
  return found.sort((a, b) => direction * (keys[a] - keys[b]) || a - b);
}

/** The list as it stands on the page; `open(i)` is called when a row is chosen. */
class EpisodeList {
  constructor(columns, open) {
    this.columns = columns;
    this.open = open;
    this.places = [];
    this.current = -1;
    this.view = document.getElementById("rows");
    this.sheet = el("div", { class: "sheet", role: "presentation" });
    this.view.append(this.sheet);
    this.view.addEventListener("scroll", () => this.drawSoon());
    this.view.addEventListener("click", (event) => this.clicked(event));
    new ResizeObserver(() => this.drawSoon()).observe(this.view);
  }

  show(places) {
    this.places = places;
    this.at = new Map(places.map((i, at) => [i, at]));
    this.sheet.style.height = `${places.length * ROW}px`;
    this.view.scrollTop = 0;
    this.draw();
  }

  /** Mark an episode as the open one, and bring its row into view. */
  mark(i) {
    this.current = i;
    const at = this.at.get(i);
    if (at === undefined) return this.draw();
    const top = at * ROW;
    if (top < this.view.scrollTop || top + ROW > this.view.scrollTop + this.view.clientHeight) {
      this.view.scrollTop = Math.max(0, top - this.view.clientHeight / 3);
    }
    this.draw();
  }

  /** The episode `step` rows further; the first or last one at the ends. */
  near(step) {
    const at = this.at.get(this.current);
    if (at === undefined) return this.places[0];
    return this.places[Math.min(this.places.length - 1, Math.max(0, at + step))];
  }

  clicked(event) {
    const row = event.target.closest("[data-place]");
    if (row) this.open(Number(row.dataset.place));
  }

  drawSoon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = undefined;
      this.draw();
    });
  }

  draw() {
    const first = Math.max(0, Math.floor(this.view.scrollTop / ROW) - SPARE);
    const last = Math.min(this.places.length, Math.ceil((this.view.scrollTop + this.view.clientHeight) / ROW) + SPARE);
    const rows = [];
    for (let at = first; at < last; at++) rows.push(this.row(at));
    this.sheet.replaceChildren(...rows);
    const shown = this.at?.has(this.current) && document.getElementById(`row-${this.current}`);
    this.view.setAttribute("aria-activedescendant", shown ? `row-${this.current}` : "");
  }

  row(at) {
    const i = this.places[at];
    const c = this.columns;
    const outcome = c.outcome.names[c.outcome.of[i]];
    const made = el("div", {
      class: `row ${outcome}`, id: `row-${i}`, role: "option", "data-place": i,
      "aria-selected": String(i === this.current), "aria-setsize": this.places.length, "aria-posinset": at + 1,
    },
    el("span", { class: "sign", title: outcome, "aria-label": outcome }, OUTCOME_SIGNS[outcome]),
    el("span", { class: "name" }, `${c.task[i]}/${c.sample[i]} `, el("small", {}, labelOf(c, i))),
    el("span", { class: "value" }, score(c.value[i])),
    el("span", { class: "why" }, plain(c.explanation.names[c.explanation.of[i]]) || outcome),
    el("span", { class: "took" }, tookOf(c, i)));
    made.style.transform = `translateY(${at * ROW}px)`;
    return made;
  }
}

const nameOf = (columns, i) => columns.task_id.names[columns.task_id.of[i]].slice(columns.shared);

/** What a task is called beside its number. */
const labelOf = (columns, i) => (nameOf(columns, i) === String(columns.task[i]) ? "" : plain(nameOf(columns, i)));

function tookOf(columns, i) {
  const flags = columns.flags.names[columns.flags.of[i]].length ? "⚑ " : "";
  const cut = columns.truncated[i] ? "✂ " : "";
  const much = columns.has_tokens ? `${count(columns.tokens[i])} tok` : `${count(columns.characters[i])} ch`;
  return `${flags}${cut}${columns.turns[i]}t · ${much}`;
}

/** The controls above the list. `changed(filter)` is called with what they say. */
class Filters {
  constructor(columns, changed) {
    this.changed = changed;
    this.filter = { ...NO_FILTER };
    this.search = document.getElementById("search");
    this.search.addEventListener("input", () => this.set({ q: this.search.value }));
    this.outcomes = countedOutcomes(columns).map(([name, number]) => this.outcomeButton(name, number));
    document.getElementById("outcomes").replaceChildren(...this.outcomes);
    this.fields = this.selects(columns);
    const { sort, ...others } = this.fields;
    document.getElementById("fields").replaceChildren(...Object.values(others).map(([label]) => label));
    document.getElementById("order").prepend(sort[0]);
    this.direction = document.getElementById("direction");
    this.direction.addEventListener("click", () => this.set({ up: this.filter.up ? "" : "1" }));
    document.getElementById("clear").addEventListener("click", () => this.set(NO_FILTER));
  }

  outcomeButton(name, number) {
    return el("button", {
      type: "button", class: `pill ${name}`, "data-outcome": name, "aria-pressed": "false",
      on: { click: () => this.toggle(name) },
    }, `${OUTCOME_SIGNS[name]} ${name} `, el("small", {}, count(number)));
  }

  selects(columns) {
    const flags = [...new Set(columns.flags.names.flat())].sort();
    const attempts = [...new Set(columns.attempt)].sort((a, b) => a - b);
    const cut = columns.truncated.some(Boolean);
    const kinds = {
      category: ["category", columns.category.names.filter(Boolean).sort()],
      flag: ["flag", flags],
      attempt: ["start", attempts.length > 1 ? attempts : []],
      truncated: ["cut by a limit", cut ? [["1", "only those"]] : []],
    };
    const found = Object.entries(kinds).filter(([, [, values]]) => values.length);
    const sorts = Object.entries(SORTS).map(([key, [label]]) => [key, key === "tokens" && !columns.has_tokens ? "length" : label]);
    return {
      ...Object.fromEntries(found.map(([name, [label, values]]) => [name, this.select(name, label, [["", "all"], ...values])])),
      sort: this.select("sort", "order by", sorts),
    };
  }

  select(name, label, values) {
    const options = values.map((value) => (Array.isArray(value) ? value : [value, value]))
      .map(([value, text]) => el("option", { value }, plain(String(text))));
    const made = el("select", { name, on: { change: () => this.set({ [name]: made.value, ...(name === "sort" ? { up: "" } : {}) }) } }, options);
    return [el("label", {}, `${label} `, made), made];
  }

  toggle(name) {
    const chosen = new Set(this.filter.outcome ? this.filter.outcome.split(",") : []);
    if (!chosen.delete(name)) chosen.add(name);
    this.set({ outcome: [...chosen].join(",") });
  }

  set(change) {
    this.changed({ ...this.filter, ...change });
  }

  /** Show what a filter says, without telling anyone. */
  show(filter) {
    this.filter = { ...NO_FILTER, ...filter };
    if (this.search.value !== this.filter.q) this.search.value = this.filter.q;
    const chosen = this.filter.outcome.split(",");
    for (const button of this.outcomes) button.setAttribute("aria-pressed", String(chosen.includes(button.dataset.outcome)));
    for (const [name, [, select]] of Object.entries(this.fields)) select.value = this.filter[name] || (name === "sort" ? "task" : "");
    const [, , natural] = SORTS[this.filter.sort] ?? SORTS.task;
    const rising = natural > 0 !== Boolean(this.filter.up);
    this.direction.textContent = rising ? "↑" : "↓";
    this.direction.setAttribute("aria-label", rising ? "rising; turn round" : "falling; turn round");
    this.direction.setAttribute("aria-pressed", String(Boolean(this.filter.up)));
    document.getElementById("clear").hidden = Object.values(this.filter).every((value) => !value);
  }
}

function countedOutcomes(columns) {
  const numbers = new Map(columns.outcome.names.map((name) => [name, 0]));
  for (const code of columns.outcome.of) numbers.set(columns.outcome.names[code], numbers.get(columns.outcome.names[code]) + 1);
  return Object.keys(OUTCOME_SIGNS).filter((name) => numbers.get(name)).map((name) => [name, numbers.get(name)]);
}
