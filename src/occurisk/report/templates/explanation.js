"use strict";
// Draws the report from the JSON block. Texts reach the page through textContent only, never as HTML.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { text, names, limits, attributes, about } = data;
  const PAGE = 100, STEPS = 12;
  const $ = (id) => document.getElementById(id);

  // ---- small tools -------------------------------------------------------
  const el = (tag, properties = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(properties)) {
      if (key === "class") node.className = value;
      else if (key === "style") Object.assign(node.style, value);
      else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
    }
    for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
    return node;
  };
  const svg = (tag, properties = {}, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(properties)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  const fill = (frame, values) => frame.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const number = (value, decimals) => (value === null || value === undefined ? "–"
    : value.toFixed(decimals).replace("-", "−").replace(".", about.decimal));
  // A probability is never printed as the certainty that it is not.
  const chance = (p, decimals = 2) => {
    const least = 10 ** -decimals;
    if (p === null) return "–";
    return p < least / 2 ? "<" + number(least, decimals) : p > 1 - least / 2 ? ">" + number(1 - least, decimals) : number(p, decimals);
  };
  const signed = (value, decimals) => (value > 0 ? "+" : "") + number(value, decimals);
  const whole = (value) => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const percent = (value, decimals = 0) => (value === null ? "–" : number(100 * value, decimals) + "\u2009%");
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));
  const at = (share) => `${100 * Math.min(1, Math.max(0, share))}%`;

  // ---- summary -----------------------------------------------------------
  const drawSummary = () => {
    const s = data.summary;
    const bands = ["high", "medium", "low"];
    const described = bands.map((band) => `${text["share_" + band]} ${percent(s[band], 1)}`).join("; ");
    const how = s.weighted ? text.by_weight : text.by_count;
    $("shares").append(
      el("div", { class: "stack", role: "img", "aria-label": described },
        bands.filter((band) => s[band] > 0).map((band) => el("div", { class: "band-" + band, style: { width: at(s[band]) } }))),
      el("ul", { class: "legend" }, bands.map((band) => el("li", { class: band },
        el("b", {}, percent(s[band], 1)), el("span", {}, text["share_" + band])))));
    const card = (name, value, note) => $("cards").append(
      el("div", {}, el("dt", {}, name), el("dd", {}, value, note ? el("small", {}, note) : null)));
    card(text.mean, number(s.mean, 3), how);
    card(text.robust, percent(s.robust, 1), text.robust_note);
    card(text.occupations, whole(s.occupations));
    if (s.weighted) card(about.weight === "employment" ? text.employment : about.weight || text.weight, whole(s.weight));
    if (about.unscored !== null) card(text.unscored, whole(about.unscored), fill(text.of_rows, { n: whole(about.rows ?? 0) }));
  };

  const arrow = (sign) => el("span", { class: sign > 0 ? "sign-up" : sign < 0 ? "sign-down" : "sign-none", "aria-hidden": "true" },
    sign > 0 ? "▲ " : sign < 0 ? "▼ " : "◆ ");

  const drawImportance = () => {
    const top = data.importance.slice(0, 12);
    const most = Math.max(...top.map((row) => Math.max(row[1], row[3] ?? 0)), 1e-9);
    for (const [place, value, lower, upper] of top) {
      const attribute = attributes[place];
      $("importance").append(el("li", {},
        el("span", {}, arrow(attribute.sign), attribute.label),
        el("span", { class: "track" },
          el("span", { class: "bar", style: { left: 0, width: at(value / most) } }),
          lower === null ? null : el("span", { class: "whisker", style: { left: at(lower / most), width: at((upper - lower) / most) } })),
        el("span", { class: "figure" }, number(value, 2))));
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

  // ---- list --------------------------------------------------------------
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

  // ---- details -----------------------------------------------------------
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
      el("span", { class: "figure" }, number(value, 2), " ", el("small", {}, `(${chance(sigmoid(value))})`)));
    const list = el("ol", { class: "steps" }, end(text.base, data.base));
    for (const step of first) {
      const shaky = step.place !== null && row.unstable[step.place];
      const name = step.place === null ? fill(text.others, { n: step.n }) : attributes[step.place].label;
      const change = 100 * (sigmoid(step.to) - sigmoid(step.from));
      list.append(el("li", {},
        el("span", {}, name, shaky ? el("span", { class: "hidden-text" }, ` (${text.unstable})`) : null),
        el("span", { class: "track" }, zero(),
          el("span", { class: `bar ${step.value > 0 ? "up" : "down"}${shaky ? " unstable" : ""}`,
            style: { left: at(share(Math.min(step.from, step.to))), width: at(Math.abs(step.value) / span) } }),
          step.lower === null ? null : el("span", { class: "whisker",
            style: { left: at(share(step.from + step.lower)), width: at((step.upper - step.lower) / span) } })),
        el("span", { class: "figure" }, signed(step.value, 2), " ", el("small", {}, `(${signed(change, 1)}\u2009${text.points})`))));
    }
    list.append(end(text.result, z));
    return list;
  };

  const groups = (row) => {
    const sums = new Map();
    row.k.forEach((value, place) => sums.set(attributes[place].group, (sums.get(attributes[place].group) ?? 0) + value));
    const order = [...sums].filter(([, value]) => Math.abs(value) > 1e-9).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const most = Math.max(...order.map(([, value]) => Math.abs(value)), 1e-9);
    return el("ol", { class: "bars" }, order.map(([group, value]) => el("li", {},
      el("span", {}, names.group[group] ?? group),
      el("span", { class: "track" }, el("span", { class: "bar " + (value > 0 ? "up" : "down"), style: { left: 0, width: at(Math.abs(value) / most) } })),
      el("span", { class: "figure" }, signed(value, 2)))));
  };

  const table = (row) => {
    const total = row.k.reduce((sum, value) => sum + value, 0);
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
        el("td", {}, Math.abs(total) > 0.05 ? percent(row.k[place] / total) : "–"),
        el("td", {}, signed(100 * (sigmoid(z) - sigmoid(before)), 1) + "\u2009" + text.points));
    });
    const heads = [text.attribute, text.value, text.percentile, text.contribution, text.range, text.share_distance, text.step_change];
    return el("details", {}, el("summary", {}, text.table), el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": text.table },
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
        block(text.steps, steps(row), el("p", { class: "fine" }, mixed ? text.steps_mixed + " " : "", text.steps_note)),
        block(text.groups, groups(row))),
      el("div", {},
        block(text.change, el("p", {}, row.change), el("p", { class: "fine" }, text.change_note)),
        block(text.neighbours, near),
        mixed || row.members.some((member) => member[0] !== row.code) ? block(text.lineage, el("ul", { class: "plain" }, row.members.map(([soc, title, weight, p]) =>
          el("li", {}, el("span", {}, `${title} `, el("span", { class: "code" }, soc)),
            el("span", { class: "figure" }, `${percent(weight)} · ${chance(p)}`))))) : null,
        block(text.susceptibility, known),
        block(text.review, review)),
      el("div", { class: "all" }, table(row)));
  };

  // ---- search, filter, sort ----------------------------------------------
  const byCode = new Map(data.rows.map((row) => [row.code, row]));
  const fold = (value) => value.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  for (const row of data.rows) row.key = fold(`${row.code} ${row.title}`);
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
    const words = fold($("search").value).split(/\s+/).filter(Boolean);
    const [band, stability, major] = ["band", "stability", "major"].map((id) => $(id).value);
    selected = data.rows.filter((row) => words.every((word) => row.key.includes(word))
      && (!band || row.band === band) && (!stability || row.stability === stability) && (!major || row.major === major))
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

  drawSummary();
  drawImportance();
  drawScatter();
  drawCautions();
  refresh();
  if (location.hash.startsWith("#o-")) reveal(decodeURIComponent(location.hash.slice(3)));
})();
