// Above and below the list: the headline, what the model looks at, the published figures, cautions.
// One headline: the share of jobs at high risk with its interval; then the bands, and what else counts.
const drawHeadline = () => {
  const s = data.summary, h = data.headline;
  const bands = ["high", "medium", "low"];
  const shares = Object.fromEntries(bands.map((band) => [band, h ? h["share_" + band][0] : s[band]]));
  const share = (p) => percent(p, 1);
  const between = (ends, write) => (ends[1] === null ? null
    : fill(text.between, { lower: write(ends[1]), upper: write(ends[2]) }));
  $("headline").append(el("b", {}, share(shares.high)), " ",
    el("span", {}, s.weighted ? text.headline_jobs : text.headline_count),
    ...(h ? [el("small", {}, between(h.share_high, share))] : []));
  $("quality").textContent = data.quality;
  const described = bands.map((band) => `${text["share_" + band]} ${share(shares[band])}`).join("; ");
  $("shares").append(
    el("div", { class: "stack", role: "img", "aria-label": described },
      bands.filter((band) => shares[band] > 0).map((band) =>
        el("div", { class: "band-" + band, style: { width: at(shares[band]) } }))),
    el("ul", { class: "legend" }, bands.map((band) => el("li", { class: band },
      el("b", {}, share(shares[band])), " ", el("span", {}, names.band[band])))));
  const card = (name, value, note) => $("cards").append(
    el("div", {}, el("dt", {}, name), el("dd", {}, value, note ? el("small", {}, note) : null)));
  if (h) card(text.expected, number(h.expected[0], 3), between(h.expected, (p) => number(p, 3)));
  else card(text.mean, number(s.mean, 3), s.weighted ? text.by_weight : text.by_count);
  if (h && h.coverage < 1) card(text.coverage, share(h.coverage), text.coverage_note);
  card(text.robust, share(s.robust), text.robust_note);
  card(text.occupations, whole(s.occupations));
  if (s.weighted) card(about.weight === "employment" ? text.employment : about.weight || text.weight, whole(s.weight));
  if (about.unscored !== null) card(text.unscored, whole(about.unscored), fill(text.of_rows, { n: whole(about.rows ?? 0) }));
};

const arrow = (sign) => el("span", { class: sign > 0 ? "sign-up" : sign < 0 ? "sign-down" : "sign-none", "aria-hidden": "true" },
  sign > 0 ? "▲ " : sign < 0 ? "▼ " : "◆ ");

const drawImportance = () => {
  const top = data.importance.slice(0, 12);
  const most = Math.max(...top.map((row) => Math.max(row[1], row[3] ?? 0)), 1e-9);
  const all = data.importance.reduce((sum, row) => sum + row[1], 0) || 1;
  for (const [place, value, lower, upper] of top) {
    const attribute = attributes[place];
    $("importance").append(el("li", {},
      el("span", {}, arrow(attribute.sign), attribute.label),
      el("span", { class: "track" },
        el("span", { class: "bar", style: { left: 0, width: at(value / most) } }),
        lower === null ? null : el("span", { class: "whisker", style: { left: at(lower / most), width: at((upper - lower) / most) } })),
      el("span", { class: "figure" }, percent(value / all))));
  }
};

const drawScatter = () => {
  const rows = data.rows.filter((row) => row.published !== null && row.p !== null);
  if (!rows.length) { $("published").hidden = true; return; }
  const size = 420, left = 46, bottom = 42, top = 22, inner = size - left - 10;
  const x = (p) => left + p * inner, y = (p) => size - bottom - p * (size - bottom - top);
  const rho = data.summary.rank_correlation;
  const caption = `${text.rank_correlation} ${number(rho, 2)}, n = ${rows.length}`;
  const picture = svg("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": `${text.published}: ${caption}` });
  for (const p of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    picture.append(svg("line", { class: "axis", x1: x(p), x2: x(p), y1: y(0), y2: y(1) }),
      svg("line", { class: "axis", x1: x(0), x2: x(1), y1: y(p), y2: y(p) }),
      svg("text", { x: x(p), y: y(0) + 16, "text-anchor": "middle" }, number(p, 1)),
      svg("text", { x: x(0) - 8, y: y(p) + 4, "text-anchor": "end" }, number(p, 1)));
  }
  for (const p of [limits.low, limits.high]) {
    picture.append(svg("line", { class: "limit", x1: x(p), x2: x(p), y1: y(0), y2: y(1) }),
      svg("line", { class: "limit", x1: x(0), x2: x(1), y1: y(p), y2: y(p) }));
  }
  picture.append(svg("line", { class: "diagonal", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
    svg("text", { x: x(0.5), y: size - 6, "text-anchor": "middle" }, text.published_p),
    svg("text", { x: 12, y: y(0.5), "text-anchor": "middle", transform: `rotate(-90 12 ${y(0.5)})` }, text.ours),
    svg("text", { x: x(1), y: 13, "text-anchor": "end" }, caption));
  for (const row of rows) {
    const dot = svg("circle", { cx: x(row.published), cy: y(row.p), r: 4, class: "dot-" + row.band },
      svg("title", {}, `${row.title} (${row.code}): ${chance(row.p)} / ${chance(row.published)}`));
    dot.addEventListener("click", () => reveal(row.code));
    picture.append(dot);
  }
  $("scatter").append(picture);
};

const drawCautions = () => {
  const { blocks, alone } = data.cautions;
  if (!blocks.length && !alone.length) return;
  const box = $("cautions");
  box.hidden = false;
  const list = (title, items) => items.length && box.append(el("p", { class: "lead" }, title),
    el("ul", { class: "notes" }, items.map((item) => el("li", {}, item))));
  list(text.cautions_blocks, blocks.map((block) => block.join(" · ")));
  list(text.cautions_alone, alone);
};
