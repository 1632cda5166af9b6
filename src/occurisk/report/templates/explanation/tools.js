// What every part of the page uses: the data, elements, figures as text.
const data = JSON.parse(document.getElementById("data").textContent);
const { text, names, limits, attributes, about } = data;
const PAGE = 100, STEPS = 12;
const $ = (id) => document.getElementById(id);

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
  : value.toFixed(decimals).replace(/^-(?=[0.]+$)/, "").replace("-", "−").replace(".", about.decimal));
// A probability is never printed as the certainty that it is not.
const chance = (p, decimals = 2) => {
  const least = 10 ** -decimals;
  if (p === null) return "–";
  return p < least / 2 ? "<" + number(least, decimals) : p > 1 - least / 2 ? ">" + number(1 - least, decimals) : number(p, decimals);
};
const signed = (value, decimals) => (value > 0 ? "+" : "") + number(value, decimals);
const whole = (value) => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
const percent = (value, decimals = 0) => (value === null ? "–" : number(100 * value, decimals) + "\u2009%");
// The chance that a panel of experts would say yes: they err at this rate.
const chanceOf = (z) => data.rate + (1 - 2 * data.rate) / (1 + Math.exp(-z));
const at = (share) => `${100 * Math.min(1, Math.max(0, share))}%`;
