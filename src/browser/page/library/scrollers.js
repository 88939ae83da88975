// Boxes that scroll and hold a part of the page: which those are, and which of them the picture shows whole.
// Called by `whole_page.js`.

// How much of the view a box covers, as a part of it, that a person takes for a part of the page: if it stands in the same
// place of the view while the page scrolls, and as one of several that together cover most of it; by itself; and so much
// that the report tells what it hides.
const MUCH_OF_VIEW = 0.1;
const LARGE_IN_VIEW = 0.4;
const MOST_OF_VIEW = 0.5;
const NOTED_IN_VIEW = 0.15;
// A frame of another site that fills the view is the page, and nobody can say what it hides.
const ALL_OF_VIEW = 0.8;
// A box may load more each time it shows more. It is made larger so often.
const MOST_TIMES = 12;

// The part of the view that lies between these edges.
const areaInView = (left, top, right, bottom) => {
  const width = Math.min(right, innerWidth) - Math.max(left, 0);
  const height = Math.min(bottom, innerHeight) - Math.max(top, 0);
  return (Math.max(0, width) * Math.max(0, height)) / (innerWidth * innerHeight);
};
const partOfView = (element) => {
  const { left, top, right, bottom } = edgesOf(element);
  return areaInView(left, top, right, bottom);
};

// The edges of what a person can see of a box, here or by scrolling.
const shownEdges = (element) => {
  let { left, top, right, bottom } = edgesOf(element);
  for (let around = drawnIn(element); around; around = drawnIn(around)) {
    const { overflowX, overflowY } = getComputedStyle(around);
    if (isViewport(around) || overflowX === "visible") continue;
    const edges = edgesOf(around);
    if (/hidden|clip/.test(overflowX)) [left, right] = [Math.max(left, edges.left), Math.min(right, edges.right)];
    if (/hidden|clip/.test(overflowY)) [top, bottom] = [Math.max(top, edges.top), Math.min(bottom, edges.bottom)];
  }
  return { left, top, right, bottom };
};
// How much of the view a box would cover when somebody has scrolled to it.
const mostOfView = (element) => {
  const { left, top, right, bottom } = shownEdges(element);
  const isBeside = right <= 0 && !measure().pageX;
  return isBeside || right <= left || bottom <= top ? 0 : areaInView(0, 0, right - left, bottom - top);
};

// Whether a box stands in the same place of the view while the page scrolls.
const staysInView = (element) => {
  for (let at = element; at; at = drawnIn(at)) {
    if (wereFixed.has(at) || /fixed|sticky/.test(getComputedStyle(at).position)) return true;
  }
  return false;
};

// Fields are no part of the page.
const FIELDS = "textarea, input, select, option";
const mayHide = (element) =>
  (element.scrollHeight > shownIn(element, AXES[0]) + 1 || element.scrollWidth > element.clientWidth + 1) &&
  element.offsetWidth * element.offsetHeight >= MUCH_OF_VIEW * innerWidth * innerHeight;
const isVisible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

// The large boxes that scroll, with the part of the view that each covers.
const largeScrollers = () =>
  allIn(rootsOf(document), "*")
    .filter((element) => mayHide(element) && !isViewport(element) && !element.matches(FIELDS) && hidesSomething(element) && isVisible(element))
    .map((element) => ({ element, part: mostOfView(element) }))
    .filter(({ part }) => part >= MUCH_OF_VIEW)
    .sort((one, other) => other.part - one.part);

// Those that hold a part of the page by themselves. Tables and code that only go on to the side do not.
const holdsByItself = ({ element, part }) =>
  hiddenIn(element, DOWN) > 0 &&
  (part >= LARGE_IN_VIEW || (staysInView(element) && partOfView(element) >= MUCH_OF_VIEW));

// Those that together hold the page, which itself hides `own` pixels.
const holdersOfPage = (scrollers, own) => {
  const hides = ({ element }) => AXES.some((axis) => hiddenIn(element, axis) > own);
  const holders = scrollers.filter((one) => partOfView(one.element) >= MUCH_OF_VIEW && hides(one));
  const isInside = ({ element }) => holders.some((other) => other.element !== element && other.element.contains(element));
  const covered = sum(holders.filter((one) => !isInside(one)).map(({ element }) => partOfView(element)));
  return covered >= MOST_OF_VIEW ? holders : [];
};

// Large frames whose pages scroll. They cannot be made larger: that would change what their pages size by their view.
const hidesInFrame = ({ document: inner, innerWidth: width, innerHeight: height }) => {
  const isLarge = (element) => element.clientWidth * element.clientHeight >= MOST_OF_VIEW * width * height;
  return allIn(rootsOf(inner), "*").some(
    (element) => (element === inner.scrollingElement || isLarge(element)) && element.scrollHeight > element.clientHeight + 1 && isScrolledIn(element, inner),
  );
};
const isScrolledIn = (element, { scrollingElement, documentElement, body }) =>
  element === scrollingElement
    ? ![documentElement, body].some((outer) => outer && /hidden|clip/.test(getComputedStyle(outer).overflowY))
    : /auto|scroll|overlay/.test(getComputedStyle(element).overflowY);
const largeFrames = () =>
  allIn(rootsOf(document), "iframe, frame").filter((frame) => isVisible(frame) && mostOfView(frame) >= LARGE_IN_VIEW);
const framesThatHide = () => largeFrames().filter((frame) => frame.contentDocument && hidesInFrame(frame.contentWindow));

// What a box hides still, because the picture would become too large.
let leftOut = 0;
const notShown = () => leftOut;

// How often each box was made larger; those that grow with their room and so never show all; and the first of what still
// hides something.
const expanded = new Map();
const hopeless = new Set();
let onlyInView = null;
// Names of smaller boxes that scroll.
let onlyPartly = [];

// The boxes that hide something again, and whether the browser has drawn them so. Only then is the end of a list out of view,
// and the page hears of it when it comes into view again.
const hidingAgain = new Map();
const wasDrawnHiding = (scroller) => {
  if (hidingAgain.get(scroller)) return hidingAgain.delete(scroller);
  if (hidingAgain.has(scroller)) return false;
  hidingAgain.set(scroller, false);
  nextFrames().then(() => hidingAgain.has(scroller) && hidingAgain.set(scroller, true));
  return false;
};

// Makes these boxes larger. Returns whether it changed any.
const expandAll = (scrollers, limit) => {
  let hasChanged = false;
  for (const scroller of scrollers) {
    const times = expanded.get(scroller) || 0;
    if (times >= MOST_TIMES || hopeless.has(scroller) || !hidesSomething(scroller)) continue;
    hasChanged = true;
    if (times > 0 && !wasDrawnHiding(scroller)) continue;
    if (enlarge(scroller, limit)) expanded.set(scroller, times + 1);
    else hopeless.add(scroller);
  }
  return hasChanged;
};

// Notes what the boxes that were made larger hide still.
const noteExpanded = (limit) => {
  onlyInView = null;
  leftOut = 0;
  for (const scroller of [...expanded.keys(), ...hopeless]) {
    if (!scroller.isConnected || !hidesSomething(scroller)) continue;
    if (scroller.clientHeight >= limit) leftOut = scroller.scrollHeight - scroller.clientHeight;
    else onlyInView = nameOf(scroller);
  }
};
// Notes what hides something and stays as it is.
const noteOthers = (scrollers) => {
  const [frame] = framesThatHide();
  const hiding = frame || blankList();
  if (hiding) onlyInView = nameOf(hiding);
  const isSmaller = ({ element, part }) => part >= NOTED_IN_VIEW && hiddenIn(element, DOWN) && !expanded.has(element) && !hopeless.has(element);
  onlyPartly = scrollers.filter(isSmaller).map(({ element }) => nameOf(element));
};

// Shows what large boxes hide. Returns whether it changed the page.
const expandScrollers = (limit, named) => {
  const page = measure();
  const own = Math.max(page.pageHeight - page.height, page.pageWidth - page.width);
  const isShell = own <= 1 || expanded.size > 0;
  const found = named ? [] : largeScrollers();
  const holders = [...found.filter(holdsByItself), ...holdersOfPage(found, isShell ? 0 : own)].map(({ element }) => element);
  const wanted = named ? [findOne(named)].filter(Boolean) : holders;
  const hasChanged = expandAll(new Set([...expanded.keys(), ...wanted]), limit);
  noteExpanded(limit);
  if (!named) noteOthers(found);
  return hasChanged;
};

// Whether a box that scrolls cuts off a part of the element.
const cutsOff = (scroller, element) => {
  const [outer, inner] = [edgesOf(scroller), edgesOf(element)];
  return AXES.some(
    (axis) => hiddenIn(scroller, axis) && (inner[axis.start] < outer[axis.start] - 1 || inner[axis.end] > outer[axis.end] + 1),
  );
};
// Shows what the boxes around an element hide of it. Returns whether it changed the page.
const expandAround = (limit, area) => {
  const element = findOne(area);
  const around = element ? growingWith(element).slice(1) : [];
  const hasChanged = expandAll(around.filter((box) => !isViewport(box) && cutsOff(box, element)), limit);
  noteExpanded(limit);
  onlyPartly = element && !isViewport(element) && hiddenIn(element, DOWN) ? [nameOf(element)] : [];
  return hasChanged;
};

// Notes the large frames of other sites that hide something, which each tells by itself. One that does not tell may be the
// page.
const silentFrames = new WeakSet();
const noteForeignFrames = async () => {
  for (const frame of largeFrames().filter((frame) => !frame.contentDocument)) {
    const hidden = silentFrames.has(frame) ? null : await askForeign(frame.contentWindow, "count-hidden");
    if (hidden === null) silentFrames.add(frame);
    if (hidden > 1 || (hidden === null && mostOfView(frame) >= ALL_OF_VIEW)) onlyInView ??= nameOf(frame);
  }
};

const forgetScrollers = () => {
  expanded.clear();
  hopeless.clear();
  hidingAgain.clear();
  wereFixed.clear();
  onlyInView = null;
  onlyPartly = [];
  leftOut = 0;
};
