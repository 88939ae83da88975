// Brings an element to a place of the view where nothing covers it, and says at which point the pointer can act on it.
// Called from `act/reach.rs`, which puts it and the files that it needs before its script.

const MOST_BOXES = 8;
// Parts of a box: its centre first, where people point.
const PARTS = [
  [0.5, 0.5],
  [0.25, 0.25],
  [0.75, 0.25],
  [0.25, 0.75],
  [0.75, 0.75],
  [0.5, 0.25],
  [0.5, 0.75],
  [0.25, 0.5],
  [0.75, 0.5],
  [0.1, 0.5],
  [0.9, 0.5],
  [0.5, 0.1],
  [0.5, 0.9],
];

// The parts of the element's boxes that are in view: an inline element has one box for each of its lines.
const boxesInView = (element) =>
  drawnBoxes(element).slice(0, MOST_BOXES).flatMap(({ left, top, right, bottom }) => {
    const box = {
      left: Math.max(0, Math.min(left, right)),
      top: Math.max(0, Math.min(top, bottom)),
      right: Math.min(innerWidth, Math.max(left, right)),
      bottom: Math.min(innerHeight, Math.max(top, bottom)),
    };
    return box.right > box.left && box.bottom > box.top ? [box] : [];
  });

// Points of the element, first the one to which WebDriver moves the pointer.
const pointsOf = (element) =>
  boxesInView(element).flatMap(({ left, top, right, bottom }) =>
    PARTS.map(([x, y]) => ({ x: Math.floor(left + (right - left) * x), y: Math.floor(top + (bottom - top) * y) })),
  );

// Whether what covers the element belongs to what the pointer is on, such as a tooltip.
const isShownByPointer = (cover, element) => {
  for (let at = cover; at && at !== document.body && at !== document.documentElement; at = drawnIn(at)) {
    if (isWithin(element, at)) return false;
    if (at.matches(":hover")) return true;
  }
  return false;
};

// A corner of the view with nothing but the page in it, if there is one.
const freeCorner = () => {
  const [right, bottom] = [innerWidth - 2, innerHeight - 2];
  const corners = [{ x: right, y: bottom }, { x: 1, y: bottom }, { x: right, y: 1 }, { x: 1, y: 1 }];
  const isFree = ({ x, y }) => [null, document.body, document.documentElement].includes(hitAt(document, x, y));
  return corners.find(isFree) || corners[0];
};

const describeCover = ({ hit, x, y, isAround = false, isDisabled = false }, element) => ({
  name: hit ? nameOf(hit) : null,
  text: hit ? collapse(hit.innerText || hit.textContent).slice(0, 60) : "",
  x: Math.round(x),
  y: Math.round(y),
  around: isAround,
  // The pointer passes through the element.
  through: !takesPointer(element),
  disabled: isDisabled,
  hovered: !isDisabled && isShownByPointer(hit, element),
});

// Whether a box that scrolls cuts the element off at this point: what is there does not cover it.
const isCutOff = (element, x, y) => {
  for (let at = drawnIn(element); at && at !== document.body && at !== document.documentElement; at = drawnIn(at)) {
    const { left, top, right, bottom } = at.getBoundingClientRect();
    const isOutside = x < left || x > right || y < top || y > bottom;
    if (isOutside && getComputedStyle(at).overflow !== "visible") return true;
  }
  return false;
};

// The driver finds no way to an element without a box of its own.
const hasOwnBox = (element) => [...element.getClientRects()].some(hasArea);

// Where the pointer can act on one of these elements, or what covers the first of them.
const pointOn = (elements, { kind, held, ignore, misses }) => {
  let cover = null;
  const isDragged = ({ width, height }) => held && width <= held.width && height <= held.height;
  for (const element of elements) {
    const points = pointsOf(element);
    for (const { x, y } of points) {
      const hit = hitAt(document, x, y);
      let acts = hit && actsOn(hit, element, kind);
      if (!acts && hit && (ignore?.some((other) => isWithin(hit, other)) || isDragged(hit.getBoundingClientRect()))) acts = "itself";
      const control = acts && NEEDS_ENABLED.includes(kind) && disabledAround(hit);
      if (control) {
        cover ??= describeCover({ hit: control, x, y, isDisabled: true }, element);
        continue;
      }
      const outer = acts ? coverOfFrame(window, x, y) : { hit, x, y };
      if (!outer) {
        const [centre] = points;
        const isOwn = hasOwnBox(element);
        const { width, height } = boxAround(element);
        const offset = { x: x - centre.x, y: y - centre.y, cut: cutOfFrames(window) };
        // After a miss the page may draw the element anew all the time: the point stays valid.
        const isByPoint = !isOwn || (misses > 0 && window === window.parent);
        const at = isByPoint ? { x, y } : null;
        const isPlain = !isByPoint && acts === "itself" && x === centre.x && y === centre.y;
        return { free: { element, ...offset, at, plain: isPlain, itself: acts === "itself", width, height } };
      }
      if (!cover && !isCutOff(element, x, y)) cover = describeCover(outer, element);
    }
  }
  return { cover };
};

// Everything that scrolls an element, with its scroll position: also the pages around its frame.
const scrollersOf = (element) => {
  const found = [];
  for (let at = element; at; at = drawnIn(at)) found.push(at);
  const view = element.ownerDocument.defaultView;
  const root = element.ownerDocument.scrollingElement;
  if (root && !found.includes(root)) found.push(root);
  const frame = frameOf(view);
  return frame ? [...found, ...scrollersOf(frame)] : found;
};

const scrollPositions = (element) => scrollersOf(element).map((at) => [at, at.scrollLeft, at.scrollTop]);

const scrollBack = (positions) => {
  for (const [at, left, top] of positions) {
    if (at.scrollLeft !== left || at.scrollTop !== top) at.scrollTo({ left, top, behavior: "instant" });
  }
};

const EDGES = ["nearest", "center", "start", "end"];
const PLACES = EDGES.flatMap((inline) => EDGES.map((block) => ({ block, inline, behavior: "instant" })));

// What is scrolled for an element without a box of its own.
const scrolledFor = (element) => {
  if (hasOwnBox(element)) return element;
  if (element.localName === "area") return imageOf(element) || element;
  return [...element.querySelectorAll("*")].find(hasOwnBox) || drawnIn(element) || element;
};

// Nothing of the page runs while the places are tried: if none is free, the page does not notice it.
const tryPlaces = (element, find, { turn, asItIs, misses = 0 }) => {
  const scrolled = scrolledFor(element);
  const original = scrollPositions(scrolled);
  // Nobody but the pointer knows what covers a frame of another site: after it has missed, another place may be better.
  if (misses && isInForeignFrame()) scrolled.scrollIntoView(PLACES[misses % PLACES.length]);
  else if (!asItIs) scrolled.scrollIntoView(PLACES[0]);
  const before = scrollPositions(scrolled);
  let first = find();
  if (first.free) return { ...first, moved: before.some(([, left, top], index) => left !== original[index][1] || top !== original[index][2]) };
  // A page that moves a bar when it is scrolled gets another place in the next turn.
  const skipped = turn % PLACES.length;
  for (const place of [...PLACES.slice(skipped), ...PLACES.slice(0, skipped)]) {
    scrolled.scrollIntoView(place);
    const found = find();
    if (found.free) return { ...found, moved: true };
    // Out of view nothing covers it.
    if (!first.cover && found.cover) first = found;
  }
  scrollBack(before);
  return first;
};

const drawn = (frames) => {
  let timer;
  const frame = () => new Promise((done) => requestAnimationFrame(() => done()));
  const soon = new Promise((done) => (timer = setTimeout(done, 100)));
  return Promise.race([frames.reduce((before) => before.then(frame), Promise.resolve()), soon]).finally(() => clearTimeout(timer));
};
const oneFrame = () => drawn([1]);
// Resolves after the page has drawn two frames, and thereby run what it does when it is scrolled.
const framesDrawn = () => drawn([1, 2]);

// Whether something has moved since then, by more than nobody sees.
const STILL_PX = 0.5;
const isOther = (before, now) => ["left", "top", "width", "height"].some((side) => Math.abs(before[side] - now[side]) > STILL_PX);

// An animation that begins is drawn as it was before for one frame.
const isAnimated = (element) => document.getAnimations().some(({ effect }) => effect?.target && isWithin(element, effect.target));

// Whether the elements move, or are taken away, within the next frames.
const haveMoved = async (elements, wait) => {
  const boxes = elements.map(boxAround);
  const isElsewhere = (element, index) => !element.isConnected || isOther(boxes[index], boxAround(element));
  await wait();
  if (elements.some(isElsewhere)) return true;
  if (!elements.some(isAnimated)) return false;
  await oneFrame();
  return elements.some(isElsewhere);
};

// Whether a clip leaves nothing of a box of this size to see.
const isClippedAway = ({ clip, clipPath, position }, { width, height }) => {
  const leaves = ([top, right, bottom, left]) => Math.max(0, right - left) * Math.max(0, bottom - top) <= 1;
  const pixels = (length, of) => (length.endsWith("%") ? (parseFloat(length) / 100) * of : parseFloat(length));
  const inside = (text) => text.slice(text.indexOf("(") + 1, -1).trim();
  if (clip.startsWith("rect(") && ["absolute", "fixed"].includes(position)) {
    const [top, right, bottom, left] = inside(clip).split(/[\s,]+/);
    const edge = (value, auto) => (value === "auto" ? auto : parseFloat(value));
    if (leaves([edge(top, 0), edge(right, width), edge(bottom, height), edge(left, 0)])) return true;
  }
  if (/^(circle|ellipse)\(0(px|%)?[\s)]/.test(clipPath)) return true;
  if (!clipPath.startsWith("inset(") || clipPath.includes("calc(")) return false;
  const [top, right = top, bottom = top, left = right] = inside(clipPath).split(" round ")[0].split(/\s+/);
  return leaves([pixels(top, height), width - pixels(right, width), height - pixels(bottom, height), pixels(left, width)]);
};

// Whether nobody can scroll to an element, because it lies before the beginning of what scrolls.
const isBeforeBeginning = (element) => {
  let { right, bottom } = element.getBoundingClientRect();
  const root = document.scrollingElement;
  for (const at of scrollersOf(element)) {
    if (at.ownerDocument !== document) break;
    const { overflowX, overflowY, direction } = getComputedStyle(at);
    const scrolls = (overflow) => at === root || !["visible", "clip"].includes(overflow);
    const isBackwards = (at === root ? getComputedStyle(document.body || at).direction : direction) === "rtl";
    if (scrolls(overflowX)) right += at.scrollLeft + (isBackwards ? at.scrollWidth - at.clientWidth : 0);
    if (scrolls(overflowY)) bottom += at.scrollTop;
  }
  return right <= 0 || bottom <= 0;
};

// Elements that are hidden on purpose, because another one stands for them: a list or a file field in a widget.
const isStoodFor = (element) => {
  const box = element.getBoundingClientRect();
  const isTiny = box.width < 4 || box.height < 4;
  const style = getComputedStyle(element);
  return (
    !canBeSeen(element) ||
    isTiny ||
    isBeforeBeginning(element) ||
    isClippedAway(style, box) ||
    !element.checkVisibility({ opacityProperty: true }) ||
    style.pointerEvents === "none"
  );
};

// What a person clicks to check the box that an element stands for: the label that was named, the box itself, or its label
// where the box is hidden on purpose.
const boxAndLabels = (element) => {
  const box = checkBoxOf(element) || element;
  const labels = [...(box.labels || [])];
  const named = labels.filter((label) => isWithin(element, label) && element !== box);
  const isHidden = isStoodFor(box) && labels.some(canBeSeen);
  return [...new Set([...named, ...(isHidden ? labels : [box, ...labels])])];
};

// `kind`: `press`, `release`, `hover`, `drag`, `check` (a label of the box will do) or `field` (a field that a script
// fills). `asItIs`: an element that is partly in view is not moved. `turn` counts the attempts, `misses` those at which
// the pointer met something else. `held` is the size of what the pointer drags, and `ignore` are elements that cannot
// cover. `restless`: an element that never stands still will do. `watch` is the name under which the pointer is watched, and
// `again` finds an element that the page has drawn anew.
const reach = async (element, options = {}) => {
  const { kind = "press", asItIs = false, turn = 0, misses = 0, restless = false, watch = null, again } = options;
  const hindered = hindranceOf((kind === "check" && checkBoxOf(element)) || element, kind);
  if (hindered) return { hindered };
  if (kind === "field" && isStoodFor(element)) return { free: { element, x: 0, y: 0, plain: true } };
  const elements = (kind === "check" ? boxAndLabels(element) : [element]).filter(canBeSeen);
  if (!elements.length) return { hidden: true };
  const find = () => pointOn(elements, { ...options, kind });
  let found = tryPlaces(elements[0], find, { turn, asItIs, misses });
  if (!found.free) return found;
  const wait = found.moved ? framesDrawn : oneFrame;
  const mustStandStill = kind !== "field";
  if (!mustStandStill && found.moved) await wait();
  if (mustStandStill && (await haveMoved([found.free.element], wait)) && !restless) return { moving: true };
  found = find();
  if (!found.free) return found;
  // What the pointer drags lies over what it is dragged to.
  if (watch && !options.held) watchPointer(found.free.element, { kind, name: watch, again });
  return found;
};

// How many places between the edges of the view are tried for both ends of a drag.
const MOST_BETWEEN = 16;

// Brings both elements to a place of the view where they are free together, such as between two bars.
const tryBetween = (elements, find) => {
  const view = document.scrollingElement;
  if (!view) return find();
  const original = view.scrollTop;
  const tops = elements.map((element) => boxAround(element).top);
  const ends = elements.map((element) => boxAround(element).bottom);
  const [top, bottom] = [Math.min(...tops), Math.max(...ends)];
  const room = innerHeight - (bottom - top);
  for (let step = 0; room > 0 && step <= MOST_BETWEEN; step += 1) {
    view.scrollTo({ top: original + top - (room * step) / MOST_BETWEEN, behavior: "instant" });
    const found = find();
    if (found.free) return { ...found, moved: true };
  }
  view.scrollTo({ top: original, behavior: "instant" });
  return {};
};

// The same for the two ends of a drag, which must be in view together.
const reachBoth = async (start, end, { turn = 0, restless = false, watch = null } = {}) => {
  const hindered = hindranceOf(start, "drag");
  if (hindered) return { hindered };
  if (!canBeSeen(start)) return { hidden: true };
  if (!canBeSeen(end)) return { hidden: true, isEnd: true };
  let blockedEnd = null;
  const find = () => {
    const from = pointOn([start], { kind: "drag" });
    if (!from.free) return from;
    const to = pointOn([end], { kind: "drop", ignore: [start] });
    if (to.free) return { free: [from.free, to.free] };
    const found = { ...to, isEnd: true };
    if (!blockedEnd?.cover) blockedEnd = found;
    return found;
  };
  const first = tryPlaces(start, find, { turn, asItIs: false });
  let found = first;
  if (!found.free) found = tryPlaces(end, find, { turn, asItIs: true });
  if (!found.free) found = tryBetween([start, end], find);
  if (!found.free) return blockedEnd || first;
  if ((await haveMoved([start, end], found.moved ? framesDrawn : oneFrame)) && !restless) return { moving: true };
  found = find();
  if (!found.free) return found;
  if (watch) watchPointer(start, { kind: "drag", name: watch });
  return found;
};

// Whether the pointer is on the element.
const isHovered = async (element) => {
  if (!element.matches(":hover")) await framesDrawn();
  return element.matches(":hover");
};
