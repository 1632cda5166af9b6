// The list: one row an occupation, opened and closed.
const line = (row) => el("span", { class: "line", role: "img",
  "aria-label": `${chance(row.p)}, ${text.interval} ${chance(row.lower)}–${chance(row.upper)}` },
  el("span", { class: "rail" }),
  el("span", { class: "tick", style: { left: at(limits.low) } }),
  el("span", { class: "tick", style: { left: at(limits.high) } }),
  row.lower === null ? null
    : el("span", { class: "range band-" + row.band, style: { left: at(row.lower), width: at(row.upper - row.lower) } }),
  el("span", { class: "dot band-" + row.band, style: { left: at(row.p) } }));

const chip = (band) => el("span", { class: "chip " + band }, names.band[band] ?? band);
const open = new Set();
const drawRow = (row, place) => {
  const expanded = open.has(row.code);
  const button = el("button", { class: "name", type: "button", "aria-expanded": expanded, "data-code": row.code,
    onclick: () => toggle(row, button) },
    el("span", {}, el("span", { class: "title" }, row.title), el("span", { class: "code" }, row.code,
      row.weight === null ? null : ` · ${whole(row.weight)}`)));
  const steady = row.stability !== "model-dependent";
  const reviewed = row.verdicts.length ? el("span", { class: "code" }, `${text.review}: ${names.verdict[row.verdicts.at(-1)[0]] ?? row.verdicts.at(-1)[0]}`) : null;
  const main = el("tr", { class: "row" },
    el("td", {}, button),
    el("td", {}, el("span", { class: "probability" }, el("b", {}, chance(row.p)), line(row))),
    el("td", {}, chip(row.band)),
    el("td", {}, el("span", { class: steady ? "steady" : "shaky" }, names.stability[row.stability] ?? row.stability), reviewed));
  if (!expanded) return [main];
  const id = "detail-" + place;
  button.setAttribute("aria-controls", id);
  return [main, el("tr", { class: "detail", id }, el("td", { colspan: 4 }, detail(row)))];
};

const toggle = (row, button) => {
  if (open.has(row.code)) open.delete(row.code); else open.add(row.code);
  const main = button.closest("tr");
  if (main.nextElementSibling?.classList.contains("detail")) main.nextElementSibling.remove();
  const fresh = drawRow(row, data.rows.indexOf(row));
  main.replaceWith(...fresh);
  fresh[0].querySelector(".name").focus();
};

const reveal = (code) => {
  const row = byCode.get(code);
  if (!row) return;
  if (!selected.includes(row)) {
    for (const id of ["search", "band", "stability", "major"]) $(id).value = "";
    refresh();
  }
  shown = Math.max(shown, selected.indexOf(row) + 1);
  open.add(code);
  drawRows();
  const button = [...document.querySelectorAll(".name")].find((node) => node.dataset.code === code);
  button.focus({ preventScroll: true });
  button.scrollIntoView({ block: "start" });
};
