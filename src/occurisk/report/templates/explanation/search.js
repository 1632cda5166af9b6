// Search, filters and order of the list.
// Fewest letters of a stem that takes endings, and of a word that is looked for; one in so many rows has a rare word;
// rows that share so much of what the best one does are shown, too.
const STEM = 4, WORD = 3, RARE = 20, NEAR = 0.45;
const byCode = new Map(data.rows.map((row) => [row.code, row]));
// Kazakh letters that a Russian keyboard lacks are often typed without their marks, and the lexicon has none.
const PLAIN = { ә: "а", ғ: "г", қ: "к", ң: "н", ө: "о", ұ: "у", ү: "у", һ: "х", і: "и" };
const fold = (value) => value.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
  .replace(/[әғқңөұүһі]/g, (letter) => PLAIN[letter]);
for (const row of data.rows) {
  row.key = fold(`${row.code} ${row.title} ${row.also}`);
  row.stems = fold(row.known).split(" ").filter(Boolean);
}
// A word that the matcher of titles knows of a row: a stem goes on with an ending, unless it stands for itself.
const begun = (stem, word) => stem.startsWith("=") ? stem.slice(1) === word
  : stem.startsWith(word) || (stem.length >= STEM && word.startsWith(stem));
const known = (row, word) => row.key.includes(word) || row.stems.some((stem) => begun(stem, word));
// Occupations with every word in their name; if there is none, those of which the matcher knows most and the rarest words.
const found = (words) => {
  const named = data.rows.filter((row) => words.every((word) => row.key.includes(word)));
  if (named.length || !words.length) return named;
  const sums = data.rows.map(() => 0);
  for (const word of words) {
    const knowing = [...data.rows.keys()].filter((place) => known(data.rows[place], word));
    for (const place of knowing) sums[place] += Math.log(data.rows.length / knowing.length);
  }
  const most = Math.max(...sums);
  const enough = words.length === 1 ? 0 : Math.log(Math.min(RARE, data.rows.length));
  return most > 0 && most >= enough ? data.rows.filter((row, place) => sums[place] >= NEAR * most) : [];
};
const width = (row) => (row.upper ?? 0) - (row.lower ?? 0);
const gap = (row) => (row.published === null ? -1 : Math.abs(row.p - row.published));
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const orders = {
  weight: (a, b) => (b.weight ?? 0) - (a.weight ?? 0),
  high: (a, b) => b.p - a.p,
  low: (a, b) => a.p - b.p,
  width: (a, b) => width(b) - width(a),
  gap: (a, b) => gap(b) - gap(a),
  title: (a, b) => a.title.localeCompare(b.title, about.language),
  code: (a, b) => compare(a.code, b.code),
};
if (data.rows.every((row) => row.weight === null)) delete orders.weight;
if (data.rows.every((row) => row.published === null)) delete orders.gap;
const option = (value, label) => el("option", { value }, label);
const choices = (id, values, label) => $(id).append(option("", text.all), ...values.map((value) => option(value, label(value))));
const present = (key) => [...new Set(data.rows.map((row) => row[key]))];
choices("band", ["high", "medium", "low"].filter((band) => present("band").includes(band)), (v) => names.band[v]);
choices("stability", present("stability").sort(), (v) => names.stability[v] ?? v);
choices("major", present("major").filter(Boolean).sort(compare), (v) => v);
$("sort").append(...Object.keys(orders).map((key) => option(key, text["sort_" + key])));

let selected = [], shown = PAGE;
const drawRows = () => {
  $("rows").replaceChildren(...selected.slice(0, shown).flatMap((row) => drawRow(row, data.rows.indexOf(row))));
  if (!selected.length) $("rows").append(el("tr", {}, el("td", { colspan: 4 }, text.nothing)));
  $("count").textContent = fill(text.shown, { n: whole(selected.length), total: whole(data.rows.length) });
  const left = selected.length - shown;
  $("more").hidden = left <= 0;
  $("more").textContent = fill(text.more, { n: whole(Math.min(left, PAGE)) });
};
const refresh = () => {
  const typed = fold($("search").value).replace(/-(?=\D)/g, " ").split(/[\s,;/()]+/).filter(Boolean);
  const long = typed.filter((word) => word.length >= WORD), words = long.length ? long : typed;
  const [band, stability, major] = ["band", "stability", "major"].map((id) => $(id).value);
  selected = found(words).filter((row) => (!band || row.band === band) && (!stability || row.stability === stability) && (!major || row.major === major))
    .sort(orders[$("sort").value]);
  shown = PAGE;
  drawRows();
};
for (const id of ["search", "band", "stability", "major", "sort"]) $(id).addEventListener("input", refresh);
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("filters").addEventListener("reset", () => setTimeout(refresh));
$("more").addEventListener("click", () => { shown += PAGE; drawRows(); });
$("skip").addEventListener("click", (event) => { event.preventDefault(); $("list").focus(); $("list").scrollIntoView(); });
// On paper the whole selection is wanted, not its first page.
addEventListener("beforeprint", () => { shown = selected.length; drawRows(); });
