// Boxes that scroll and hold the page: they are made so large that they show all they hold. The size of the view stays as it
// is.
// Called by `whole_page.js`.

// Boxes that scroll hold the page if together they cover most of the view, each of them much of it. Smaller ones are parts
// of the page with a scrollbar of their own. Where the page itself scrolls, a box holds it that hides more than the page.
const MUCH_OF_VIEW = 0.1;
const MOST_OF_VIEW = 0.5;
// Where to look for it, in parts of the view.
const LOOK_AT = [1 / 6, 1 / 2, 5 / 6];
const AXES = [
  { size: "height", max: "max-height", tracks: "grid-template-rows", gap: "row-gap", start: "top", end: "bottom", overflow: "overflowY", all: "scrollHeight", shown: "clientHeight", direction: "column" },
  { size: "width", max: "max-width", tracks: "grid-template-columns", gap: "column-gap", start: "left", end: "right", overflow: "overflowX", all: "scrollWidth", shown: "clientWidth", direction: "row" },
];

const partOfView = (element) => {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  const width = Math.min(right, innerWidth) - Math.max(left, 0);
  const height = Math.min(bottom, innerHeight) - Math.max(top, 0);
  return (Math.max(0, width) * Math.max(0, height)) / (innerWidth * innerHeight);
};

const number = (text) => parseFloat(text) || 0;

// How many pixels of its content a box shows. In quirks mode, the browser tells those of the view in place of the body's.
const shownIn = (element, { shown, size, start, end }) => {
  if (element !== document.body || document.compatMode !== "BackCompat") return element[shown];
  const style = getComputedStyle(element);
  return element.getBoundingClientRect()[size] - number(style[`border-${start}-width`]) - number(style[`border-${end}-width`]);
};
// How many pixels of its content a box hides, which a person can scroll to.
const hiddenIn = (element, axis) => {
  const hidden = element[axis.all] - shownIn(element, axis);
  return hidden > 1 && /auto|scroll|overlay/.test(getComputedStyle(element)[axis.overflow]) ? hidden : 0;
};
const hidesSomething = (element) => AXES.some((axis) => hiddenIn(element, axis));

const elementsAt = (x, y) => {
  const found = new Set();
  const look = (root) => {
    for (const element of root.elementsFromPoint(x, y)) {
      if (found.has(element)) continue;
      found.add(element);
      if (element.shadowRoot) look(element.shadowRoot);
    }
  };
  look(document);
  return found;
};

// The large boxes in view that scroll, the largest first. Fields are no part of the page.
const largeScrollers = () => {
  const around = new Set();
  for (const [x, y] of LOOK_AT.flatMap((x) => LOOK_AT.map((y) => [x, y]))) {
    for (const element of elementsAt(innerWidth * x, innerHeight * y)) {
      for (let outer = element; outer && !around.has(outer); outer = drawnIn(outer)) around.add(outer);
    }
  }
  return [...around]
    .filter((element) => !isViewport(element) && !element.matches("textarea, input, select") && hidesSomething(element))
    .map((element) => ({ element, part: partOfView(element) }))
    .filter(({ part }) => part >= MUCH_OF_VIEW)
    .sort((one, other) => other.part - one.part);
};

// Those of these boxes that hold the page, which itself hides `own` pixels.
const holdersOfPage = (scrollers, own) => {
  const holders = scrollers.filter(({ element }) => AXES.some((axis) => hiddenIn(element, axis) > own));
  const isInside = ({ element }) => holders.some((other) => other.element !== element && other.element.contains(element));
  const covered = sum(holders.filter((one) => !isInside(one)).map(({ part }) => part));
  return covered >= MOST_OF_VIEW ? holders : [];
};

const usedSize = (element, { size }) => parseFloat(getComputedStyle(element)[size]);

// Makes the track of a grid larger in which an item ends. Tracks may share their room in any way.
const growTrack = (grid, item, axis, by) => {
  const style = getComputedStyle(grid);
  const tracks = style[axis.tracks].split(" ").map(number);
  const border = number(style[`border-${axis.start}-width`]) + number(style[`padding-${axis.start}`]);
  let left = item.getBoundingClientRect()[axis.end] - grid.getBoundingClientRect()[axis.start] - border;
  const last = tracks.findIndex((size) => (left -= size + number(style[axis.gap])) <= 0);
  if (last < 0) return;
  tracks[last] += by;
  setStyle(grid, axis.tracks, tracks.map((size) => `${size}px`).join(" "));
};

// Makes a box larger by so many pixels.
const grow = (element, axis, by) => {
  const size = usedSize(element, axis);
  if (!Number.isFinite(size)) return;
  const { position, [axis.start]: start } = getComputedStyle(element);
  const around = drawnIn(element);
  const { display, flexDirection } = around ? getComputedStyle(around) : {};
  if (/grid/.test(display) && !/absolute|fixed/.test(position)) growTrack(around, element, axis, by);
  setStyle(element, "transition", "none");
  setStyle(element, axis.max, "none");
  setStyle(element, axis.size, `${size + by}px`);
  if (/flex/.test(display) && flexDirection.startsWith(axis.direction)) setStyle(element, "flex", "none");
  if (position === "fixed" || position === "absolute") {
    setStyle(element, axis.start, start);
    setStyle(element, axis.end, "auto");
  }
  // A fixed box does not make the page longer.
  if (position === "fixed") setStyle(element, "position", "absolute");
};

// What a box hides still, because the picture would become too large.
let leftOut = 0;
const notShown = () => leftOut;

// The box, and what must grow with it: everything around it, but for what an absolute box leaves, and a fixed one.
const growingWith = (scroller) => {
  const found = [];
  for (let element = scroller; element; ) {
    found.push(element);
    const { position } = getComputedStyle(element);
    if (position === "fixed") break;
    element = drawnIn(element);
    while (position === "absolute" && element && getComputedStyle(element).position === "static") element = drawnIn(element);
  }
  return found;
};

// A box may be shown larger or smaller than what is around it.
const zoomOf = (element) => element.currentCSSZoom || 1;

// Makes the box, and everything around it, so much larger that it hides nothing.
const expandAxis = (scroller, axis, limit) => {
  let room = limit;
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const hidden = hiddenIn(scroller, axis);
    const by = Math.min(hidden, room);
    if (by <= 0) return;
    room -= by;
    const sizes = growingWith(scroller).map((element) => ({ element, before: usedSize(element, axis) }));
    for (const { element, before } of sizes) {
      const wanted = before + (by * zoomOf(scroller)) / zoomOf(element);
      const missing = wanted - usedSize(element, axis);
      if (missing > 0) grow(element, axis, missing);
    }
  }
};
const expand = (scroller, limit) => {
  rememberScroll(scroller);
  for (const axis of AXES) if (hiddenIn(scroller, axis)) expandAxis(scroller, axis, Math.max(0, limit - shownIn(scroller, axis)));
  // Now the page itself is what scrolls.
  for (const element of [document.documentElement, document.body]) if (element) setStyle(element, "overflow", "visible");
};

// A large frame whose page scrolls. It cannot be made larger: that would change what its page sizes by its view.
const largeFrame = () =>
  [...elementsAt(innerWidth / 2, innerHeight / 2)].find((element) => {
    const page = element.contentDocument && element.contentDocument.documentElement;
    return page && partOfView(element) >= MOST_OF_VIEW && page.scrollHeight > page.clientHeight + 1;
  });

// How often each box was made larger, and one that still hides something. A box that grows with its room never shows all.
const expanded = new Map();
let onlyInView = null;

// Shows what large boxes hide. Returns whether it changed the page.
const expandScrollers = (limit, named) => {
  const page = measure();
  const own = Math.max(page.pageHeight - page.height, page.pageWidth - page.width);
  let hasChanged = false;
  onlyInView = null;
  leftOut = 0;
  const isShell = own <= 1 || expanded.size > 0;
  const found = named ? [findOne(named)].filter(Boolean) : holdersOfPage(largeScrollers(), isShell ? 0 : own).map(({ element }) => element);
  for (const scroller of new Set([...expanded.keys(), ...found])) {
    const times = expanded.get(scroller) || 0;
    if (times >= MOST_PASSES || !hidesSomething(scroller)) continue;
    expanded.set(scroller, times + 1);
    expand(scroller, limit);
    hasChanged = true;
  }
  for (const scroller of expanded.keys()) {
    if (!scroller.isConnected || !hidesSomething(scroller)) continue;
    if (scroller.clientHeight >= limit) leftOut = scroller.scrollHeight - scroller.clientHeight;
    else onlyInView = nameOf(scroller);
  }
  const frame = !named && isShell && largeFrame();
  if (frame) onlyInView = nameOf(frame);
  return hasChanged;
};

const forgetScrollers = () => {
  expanded.clear();
  onlyInView = null;
  leftOut = 0;
};
