// The page: which view is shown is told by the address, so that links and the back button work.

const KEYS = [
  ["j, k", "next, previous episode"], ["/", "search"], ["f", "filter"], ["o", "open or close all that folds"],
  ["r", "as it was written"], ["t", "light or dark"], ["g", "first page"], ["?", "this help"], ["Esc", "back to the list"],
];

class App {
  constructor(columns) {
    this.columns = columns;
    this.raw = false;
    this.list = new EpisodeList(columns, (i) => this.go({ e: this.keyOf(i) }, true));
    this.filters = new Filters(columns, (filter) => this.go(filter, false));
    this.pane = document.getElementById("pane");
    this.shownFilter = null;
    addEventListener("hashchange", () => this.route());
    document.addEventListener("keydown", (event) => this.pressed(event));
    for (const id of ["previous", "next"]) {
      document.getElementById(id).addEventListener("click", () => this.step(id === "next" ? 1 : -1));
    }
    document.getElementById("back").addEventListener("click", () => this.go({ e: "" }, true));
    document.getElementById("raw").addEventListener("click", () => this.toggleRaw());
    document.getElementById("fold").addEventListener("click", () => this.fold());
    document.getElementById("report").addEventListener("click", (event) => {
      const cell = event.target.closest("[data-episode]");
      if (cell) this.go({ e: cell.dataset.episode }, true);
    });
    this.route();
  }

  keyOf(i) {
    return `${this.columns.task[i]}/${this.columns.sample[i]}`;
  }

  /** What the address asks for: null for the first page. */
  asked() {
    const hash = location.hash.slice(1);
    if (hash !== "episodes" && !hash.includes("=")) return null;
    const given = new URLSearchParams(hash);
    return Object.fromEntries([...Object.keys(NO_FILTER), "e"].map((name) => [name, given.get(name) ?? ""]));
  }

  /** Change the address by what is given; `keep`: as a step that the back button takes back. */
  go(change, keep) {
    const wanted = { ...(this.asked() ?? { ...NO_FILTER, e: "" }), ...change };
    const said = Object.entries(wanted).filter(([, value]) => value)
      .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2F", "/").replaceAll("%2C", ",")}`);
    const hash = said.length ? `#${said.join("&")}` : "#episodes";
    if (keep) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
    this.route();
  }

  /** To the first page. */
  leave() {
    history.pushState(null, "", "#");
    this.route();
  }

  route() {
    const asked = this.asked();
    document.body.dataset.view = asked ? "episodes" : "report";
    for (const tab of document.querySelectorAll("[data-tab]")) {
      if (tab.dataset.tab === document.body.dataset.view) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    if (asked) this.browse(asked);
    else if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }

  browse({ e, ...filter }) {
    const text = JSON.stringify(filter);
    if (text !== this.shownFilter) {
      this.shownFilter = text;
      this.filters.show(filter);
      this.list.show(selected(this.columns, filter));
      document.getElementById("found").textContent =
        `${count(this.list.places.length)} of ${plural(this.columns.length, "episode")}`;
    }
    document.body.dataset.open = e ? "1" : "";
    const i = this.columns.place.get(e);
    if (e && i === undefined) return this.say(`There is no episode ${e} in this run.`);
    if (!e) {
      this.list.mark(-1);
      this.opened = undefined;
      return this.say("Choose an episode, or press j.");
    }
    this.list.mark(i);
    if (this.opened !== i) this.openEpisode(i);
  }

  say(sentence) {
    this.opened = undefined;
    this.pane.replaceChildren(el("p", { class: "quiet wide" }, plain(sentence)));
    this.pane.removeAttribute("data-episode");
  }

  async openEpisode(i) {
    this.opened = i;
    try {
      const record = await loadEpisode(this.columns, i);
      if (this.opened !== i) return;
      this.record = record;
      this.draw();
      this.pane.scrollTop = 0;
    } catch (error) {
      if (this.opened === i) this.say(`Episode ${this.keyOf(i)} cannot be shown: ${error.message}`);
    }
  }

  draw() {
    this.pane.replaceChildren(episodeView(this.columns, this.opened, this.record, this.raw));
    this.pane.dataset.episode = this.keyOf(this.opened);
  }

  step(by) {
    const i = this.list.near(by);
    if (i !== undefined) this.go({ e: this.keyOf(i) }, document.body.dataset.view === "report");
  }

  toggleRaw() {
    this.raw = !this.raw;
    document.getElementById("raw").setAttribute("aria-pressed", String(this.raw));
    if (this.opened !== undefined) this.draw();
  }

  /** Open all that folds; close all where all are open. */
  fold() {
    const all = [...this.pane.querySelectorAll("details:not(.record, .raw-json, .tokens)")];
    const open = !all.every((each) => each.open);
    for (const each of all) each.open = open;
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.closest?.("input, select, textarea");
    if (event.key === "Escape") return field ? field.blur() : this.escaped();
    if (field || document.getElementById("help").open) return;
    const inList = event.target.id === "rows" && {
      ArrowDown: () => this.step(1), ArrowUp: () => this.step(-1), Enter: () => this.pane.focus(),
    }[event.key];
    const action = inList || {
      j: () => this.step(1), k: () => this.step(-1), r: () => this.toggleRaw(), o: () => this.fold(),
      "/": () => this.focus("search"), f: () => this.focus("outcomes"), t: toggleTheme, "?": showHelp,
      g: () => this.leave(),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  escaped() {
    if (this.asked()?.e && !document.getElementById("help").open) this.go({ e: "" }, true);
  }

  focus(id) {
    if (!this.asked()) this.go({}, true);
    if (matchMedia("(max-width: 760px)").matches) this.go({ e: "" }, true);
    const found = document.getElementById(id);
    (found.matches("input") ? found : found.querySelector("button"))?.focus();
  }
}

function showHelp() {
  const help = document.getElementById("help");
  if (!help.querySelector("tr")) {
    help.querySelector("tbody").append(...KEYS.map(([key, what]) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, key)), el("td", {}, what))));
  }
  help.showModal();
}

async function start() {
  document.getElementById("help-button").addEventListener("click", showHelp);
  if (typeof DecompressionStream === "undefined") {
    document.getElementById("pane").textContent = "This browser is too old to unpack the episodes: it has no DecompressionStream.";
    return;
  }
  new App(await loadColumns());
  document.body.dataset.ready = "1";
}

start();
