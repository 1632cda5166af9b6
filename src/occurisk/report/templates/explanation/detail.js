// One occupation opened: why, what would change it, similar work, verdicts.
const steps = (row) => {
  const order = row.k.map((value, place) => ({ place, value })).filter((step) => step.value !== 0)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const first = order.slice(0, STEPS), rest = order.slice(STEPS);
  if (rest.length) first.push({ place: null, n: rest.length, value: rest.reduce((sum, step) => sum + step.value, 0) });
  let z = data.base, low = Math.min(z, 0), high = Math.max(z, 0);
  for (const step of first) {
    step.from = z; z += step.value; step.to = z;
    step.lower = step.place === null ? null : row.lo[step.place];
    step.upper = step.place === null ? null : row.hi[step.place];
    low = Math.min(low, z, step.lower === null ? z : step.from + step.lower);
    high = Math.max(high, z, step.upper === null ? z : step.from + step.upper);
  }
  const span = Math.max(high - low, 1e-9), share = (v) => (v - low) / span;
  const zero = () => el("span", { class: "zero", style: { left: at(share(0)) } });
  const end = (name, value) => el("li", { class: "ends" }, el("span", {}, name),
    el("span", { class: "track" }, zero(), el("span", { class: "bar",
      style: { left: at(share(Math.min(value, 0))), width: at(Math.abs(value) / span) } })),
    el("span", { class: "figure" }, chance(chanceOf(value))));
  const list = el("ol", { class: "steps" }, end(text.base, data.base));
  for (const step of first) {
    const shaky = step.place !== null && row.unstable[step.place];
    const name = step.place === null ? fill(text.others, { n: step.n }) : attributes[step.place].label;
    const change = 100 * (chanceOf(step.to) - chanceOf(step.from));
    list.append(el("li", {},
      el("span", {}, name, shaky ? el("span", { class: "hidden-text" }, ` (${text.unstable})`) : null),
      el("span", { class: "track" }, zero(),
        el("span", { class: `bar ${step.value > 0 ? "up" : "down"}${shaky ? " unstable" : ""}`,
          style: { left: at(share(Math.min(step.from, step.to))), width: at(Math.abs(step.value) / span) } }),
        step.lower === null ? null : el("span", { class: "whisker",
          style: { left: at(share(step.from + step.lower)), width: at((step.upper - step.lower) / span) } })),
      el("span", { class: "figure" }, `${signed(change, 1)}\u2009${text.points}`)));
  }
  list.append(end(text.result, z));
  return list;
};

const table = (row) => {
  const order = row.k.map((_, place) => place).sort((a, b) => Math.abs(row.k[b]) - Math.abs(row.k[a]));
  let z = data.base;
  const body = order.map((place) => {
    const before = z; z += row.k[place];
    const attribute = attributes[place];
    return el("tr", {}, el("th", { scope: "row" }, attribute.label),
      el("td", {}, row.values[place] === null ? "–" : `${number(row.values[place], 1)} / ${attribute.top}`),
      el("td", {}, row.above[place] === null ? "–" : percent(row.above[place])),
      el("td", {}, signed(row.k[place], 3)),
      el("td", {}, row.lo[place] === null ? "–" : `${number(row.lo[place], 2)} … ${number(row.hi[place], 2)}${row.unstable[place] ? " · " + text.unstable : ""}`),
      el("td", {}, signed(100 * (chanceOf(z) - chanceOf(before)), 1) + "\u2009" + text.points));
  });
  const heads = [text.attribute, text.value, text.percentile, text.contribution, text.range, text.step_change];
  return el("details", {}, el("summary", {}, text.on_demand), el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": text.on_demand },
    el("table", {}, el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))), el("tbody", {}, body))));
};

const block = (title, ...content) => el("div", { class: "block" }, el("h3", {}, title), ...content);
const fact = (name, value) => el("li", {}, el("span", {}, name), el("span", { class: "figure" }, value));

const detail = (row) => {
  const mixed = row.members.length > 1;
  const known = el("ul", { class: "plain" },
    fact(text.susceptibility, `${chance(row.p, 3)} (${chance(row.lower)}–${chance(row.upper)})`),
    row.published === null ? null : fact(text.published_p, number(row.published, 3)),
    row.label === null ? null : fact(text.label, row.label === 1 ? text.label_1 : row.label === 0 ? text.label_0 : number(row.label, 2)),
    row.weight === null ? null : fact(text.weight, whole(row.weight)),
    row.major ? fact(text.major, row.major) : null,
    row.match ? fact(text.matched, row.match) : null);
  const near = row.near.length ? el("ul", { class: "plain" }, row.near.map(([code, title, distance, p]) => el("li", {},
    byCode.has(code) ? el("button", { class: "link", type: "button", onclick: () => reveal(code) }, title) : el("span", {}, title),
    el("span", { class: "figure" }, `${chance(p)} · ${text.distance} ${number(distance, 2)}`)))) : el("p", {}, text.neighbours_none);
  const review = row.verdicts.length ? el("ul", { class: "plain" }, row.verdicts.map(([verdict, note, reviewer, time]) =>
    el("li", {}, el("span", {}, el("b", {}, names.verdict[verdict] ?? verdict), note ? ` ${note}` : ""),
      el("span", { class: "figure" }, [reviewer, time].filter(Boolean).join(" · "))))) : el("p", {}, text.no_review);
  return el("div", { class: "panel" },
    el("div", { class: "all" }, block(text.why, el("p", { class: "lead" }, row.words))),
    el("div", {},
      block(text.steps, steps(row), el("p", { class: "fine" }, mixed ? text.steps_mixed + " " : "", text.steps_note))),
    el("div", {},
      block(text.change, el("p", {}, row.change), el("p", { class: "fine" }, text.change_note)),
      block(text.neighbours, near),
      mixed || row.members.some((member) => member[0] !== row.code) ? block(text.lineage, el("ul", { class: "plain" }, row.members.map(([soc, title, weight, p]) =>
        el("li", {}, el("span", {}, `${title} `, el("span", { class: "code" }, soc)),
          el("span", { class: "figure" }, `${percent(weight)} · ${chance(p)}`))))) : null,
      block(text.figures, known),
      block(text.review, review)),
    el("div", { class: "all" }, table(row)));
};
