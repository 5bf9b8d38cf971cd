// The data of the page: columns of all episodes at once, what was said in them chunk by chunk.

const KEPT = 6;
const chunks = new Map();
const arriving = new Map();

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

/** The columns, with what follows from them: places by key, and how much the samples of a task disagree. */
async function loadColumns() {
  const columns = JSON.parse(await unpack(document.getElementById("columns").textContent));
  columns.length = columns.task.length;
  columns.category.names = columns.category.names.map((name) => name.toWellFormed());
  columns.flags.names = columns.flags.names.map((flags) => flags.map((flag) => flag.toWellFormed()));
  columns.place = new Map();
  for (let i = 0; i < columns.length; i++) columns.place.set(`${columns.task[i]}/${columns.sample[i]}`, i);
  columns.shared = sharedPrefix(columns.task_id.names);
  columns.spread = spreads(columns);
  columns.words = Array.from({ length: columns.length }, (_, i) => wordsOf(columns, i));
  return columns;
}

/** Length of what all names begin with, up to a colon: an environment's id says nothing in its own list. */
function sharedPrefix(names) {
  const [first] = names;
  const length = (first ?? "").lastIndexOf(":") + 1;
  return names.every((name) => name.startsWith(first.slice(0, length))) ? length : 0;
}

/** Variance of the scores within each episode's task; -1 where fewer than two have one. */
function spreads(columns) {
  const found = new Float64Array(columns.length).fill(-1);
  for (let from = 0, to = 0; from < columns.length; from = to) {
    for (to = from; to < columns.length && columns.task[to] === columns.task[from]; to++);
    const values = columns.value.slice(from, to).filter((value) => value !== null);
    if (values.length < 2) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    found.fill(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1), from, to);
  }
  return found;
}

/** What a search looks at, in lower case. */
function wordsOf(columns, i) {
  const { task_id: id, explanation, extracted } = columns;
  return `${id.names[id.of[i]]}\n${explanation.names[explanation.of[i]]}\n${extracted.names[extracted.of[i]]}`.toLowerCase();
}

/** The chunk that holds an episode: the last one that starts at or before it. */
function chunkOf(columns, i) {
  let low = 0;
  let high = columns.chunks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (columns.chunks[middle] <= i) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The record of an episode as it stands in the log, tokens perhaps left out. */
async function loadEpisode(columns, i) {
  const number = chunkOf(columns, i);
  if (!chunks.has(number)) {
    chunks.set(number, packedChunk(number).then(unpack).then((text) => text.split("\n")));
    chunks.get(number).catch(() => chunks.delete(number));
    if (chunks.size > KEPT) chunks.delete(chunks.keys().next().value);
  }
  const lines = await chunks.get(number);
  return JSON.parse(lines[i - columns.chunks[number]]);
}

function packedChunk(number) {
  const embedded = document.getElementById(`chunk-${number}`);
  if (embedded) return Promise.resolve(embedded.textContent);
  const folder = document.documentElement.dataset.chunks;
  return new Promise((resolve, reject) => {
    const script = el("script", { src: `${folder}/${number}.js` });
    arriving.set(number, resolve);
    script.onerror = () => reject(new Error(`${folder}/${number}.js cannot be loaded: that folder belongs beside this page`));
    script.onload = () => script.remove();
    document.head.append(script);
  });
}

/** Called by the files of the folder. */
globalThis.assayChunk = (number, packed) => {
  arriving.get(number)?.(packed);
  arriving.delete(number);
};
