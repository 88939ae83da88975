// Small helpers: elements, and numbers as the other formats write them.

const byId = (id) => document.getElementById(id);

// Children that are strings become text nodes: nothing in the report is ever parsed as HTML.
function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// Places are custom properties in picture pixels; the style sheet multiplies them by the zoom.
function place(node, { x = 0, y = 0, width, height }) {
  const values = { "--x": x, "--y": y, "--w": width, "--h": height };
  for (const [name, value] of Object.entries(values)) node.style.setProperty(name, value);
  return node;
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

const thousands = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, "\u00a0");

const plural = (count, noun) => `${thousands(count)} ${noun}${count === 1 ? "" : "s"}`;

// A percentage comes in words; here it never breaks before its sign.
const unbroken = (words) => words?.replace(" %", "\u00a0%") ?? null;

function duration(ms) {
  if (ms < 1000) return `${ms}\u00a0ms`;
  return `${(Math.floor(ms / 100) / 10).toFixed(1)}\u00a0s`;
}

const sizeText = (size) => `${size[0]} × ${size[1]}`;

const locationText = ({ file, line, column }) => `${file}:${line}:${column}`;

const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const wideLayout = () => matchMedia("(min-width: 900px) and (min-height: 520px)").matches;

function announce(text) {
  byId("announcer").textContent = text;
}
