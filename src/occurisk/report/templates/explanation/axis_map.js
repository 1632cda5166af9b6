// Jobs by two axes, with thresholds that the reader moves. Every share was computed beforehand, with its
// interval, for each pair of thresholds: the page only looks it up.
const drawMap = () => {
  const map = data.map;
  if (!map) { $("map").hidden = true; return; }
  const size = 620, left = 52, low = 46, side = 60, inner = size - left - side, edge = size - low;
  const x = (p) => left + p * inner, y = (p) => edge - p * (edge - side);
  const quadrants = ["both", "first", "second", "neither"];
  const most = Math.max(...map.occupations.map((o) => o.jobs));
  const picture = svg("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": `${text.map_title}: ${map.names.join(" / ")}` });
  for (const p of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    picture.append(svg("line", { class: "axis", x1: x(p), x2: x(p), y1: y(0), y2: y(1) }),
      svg("line", { class: "axis", x1: x(0), x2: x(1), y1: y(p), y2: y(p) }),
      svg("text", { x: x(p), y: y(0) + 16, "text-anchor": "middle" }, number(p, 1)),
      svg("text", { x: x(0) - 8, y: y(p) + 4, "text-anchor": "end" }, number(p, 1)));
  }
  picture.append(svg("text", { x: x(0.5), y: size - 8, "text-anchor": "middle" }, map.names[0]),
    svg("text", { x: 12, y: y(0.5), "text-anchor": "middle", transform: `rotate(-90 12 ${y(0.5)})` }, map.names[1]));
  // The jobs along each side.
  const tallest = map.marginals.map((shares) => Math.max(...shares));
  map.marginals[0].forEach((share, i) => picture.append(svg("rect", { class: "margin",
    x: x(i / 20) + 0.5, width: inner / 20 - 1, y: side - 4 - share / tallest[0] * (side - 10), height: share / tallest[0] * (side - 10) })));
  map.marginals[1].forEach((share, i) => picture.append(svg("rect", { class: "margin",
    y: y((i + 1) / 20) + 0.5, height: (edge - side) / 20 - 1, x: x(1) + 4, width: share / tallest[1] * (side - 10) })));
  const dots = map.occupations.map((o) => {
    const dot = svg("circle", { cx: x(o.first), cy: y(o.second), r: 1.5 + 16 * Math.sqrt(o.jobs / most) },
      svg("title", {}, `${o.title} (${o.code}): ${chance(o.first)} / ${chance(o.second)}`));
    picture.append(dot);
    return dot;
  });
  const lines = [svg("line", { class: "limit", y1: y(0), y2: y(1) }), svg("line", { class: "limit", x1: x(0), x2: x(1) })];
  picture.append(...lines);
  $("map-picture").append(picture);
  // The largest occupations are named where no other name stands.
  const taken = [];
  for (const o of map.occupations.slice(0, 40)) {
    if (taken.length === 12) break;
    const before = o.first > 0.5;
    const label = svg("text", { class: "label", x: x(o.first) + (before ? -5 : 5), y: y(o.second) + 3, "text-anchor": before ? "end" : "start" },
      o.title.length > 34 ? o.title.slice(0, 33) + "…" : o.title);
    picture.append(label);
    const box = label.getBBox();
    if (taken.some((other) => box.x < other.x + other.width && other.x < box.x + box.width && box.y < other.y + other.height && other.y < box.y + box.height)) label.remove();
    else taken.push(box);
  }
  const inputs = [0, 1].map((axis) => el("input", { type: "range", min: 1, max: 19, step: 1, id: `map-limit-${axis}`,
    value: Math.round(map.thresholds[axis] * 20), oninput: () => move() }));
  const said = inputs.map(() => el("output", {}));
  inputs.forEach((input, axis) => $("map-limits").append(el("label", {}, fill(text.map_threshold, { axis: map.names[axis] }), " ", said[axis], input)));
  // The same by a column of the list, one at a time.
  const columns = el("select", { id: "map-by", onchange: () => move() }, ...map.by.map((column, i) => el("option", { value: i }, column.name)));
  if (map.by.length) $("map-limits").append(el("label", {}, text.map_by, " ", columns));
  const cells = (i, j) => {
    const column = map.by[columns.value];
    $("map-cells").replaceChildren(el("thead", {}, el("tr", {}, el("th", {}, column.name), ...quadrants.map((name) => el("th", {}, text["map_" + name])))),
      el("tbody", {}, ...column.cells.map((cell) => el("tr", {}, el("td", {}, cell.label),
        ...quadrants.map((_, q) => el("td", {}, cell.shares ? percent(cell.shares[i][j][q], 1) : "–"))))));
  };
  const move = () => {
    const [i, j] = inputs.map((input) => Number(input.value) - 1);
    const limit = [(i + 1) / 20, (j + 1) / 20];
    said.forEach((output, axis) => { output.textContent = number(limit[axis], 2); });
    lines[0].setAttribute("x1", x(limit[0])); lines[0].setAttribute("x2", x(limit[0]));
    lines[1].setAttribute("y1", y(limit[1])); lines[1].setAttribute("y2", y(limit[1]));
    map.occupations.forEach((o, place) => {
      const at = (o.first >= limit[0] ? 0 : 2) + (o.second >= limit[1] ? 0 : 1);
      dots[place].setAttribute("class", "quadrant-" + ["both", "first", "second", "neither"][at]);
    });
    $("map-shares").replaceChildren(...quadrants.map((name, q) => {
      const [share, lower, upper] = map.grid[i][j][q];
      return el("li", { class: "quadrant-" + name }, el("b", {}, percent(share, 1)), " ", el("span", {}, text["map_" + name]),
        el("small", {}, fill(text.between, { lower: percent(lower, 1), upper: percent(upper, 1) })));
    }));
    if (map.by.length) cells(i, j);
  };
  move();
  $("map-caveats").append(...map.caveats.map((caveat) => el("li", {}, caveat)));
};
