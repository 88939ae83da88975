// Where elements are, as far as they can be seen.
// Called from `shoot/frame.rs` as `boxes` and `areas`.

// The browser itself knows how everything around an element clips it. It looks so far around the page's view.
const AROUND_VIEW = "1000000px";
const BOX_MS = 1000;

// The view clips for these two, and they do not.
const isViewport = (element) => element === document.documentElement || element === scrollStyleOfView();

// Whether the element may cut off what is drawn in it.
const mayClip = (element) => {
  const { overflow, clip, clipPath, contain, contentVisibility } = getComputedStyle(element);
  return (
    (overflow !== "visible" && !isViewport(element)) ||
    (clip && clip !== "auto") ||
    clipPath !== "none" ||
    /paint|content|strict/.test(contain) ||
    (contentVisibility && contentVisibility !== "visible")
  );
};

const mayBeClipped = (element) => {
  for (let around = element; around; around = drawnIn(around)) {
    if (mayClip(around) || (around !== element && hidesItsTree(around))) return true;
  }
  return false;
};

// Resolves to the visible box of each element in the view's coordinates.
const visibleBoxes = (elements) =>
  new Promise((done, fail) => {
    const found = new Map();
    const seen = (entries) => {
      for (const { target, intersectionRect } of entries) found.set(target, intersectionRect);
      if (found.size < elements.length) return;
      observer.disconnect();
      done(found);
    };
    // The mark tells `preload/observers.js` that the callback is ours.
    const observer = new IntersectionObserver(Object.assign(seen, { [NAME]: true }), { rootMargin: AROUND_VIEW });
    for (const element of elements) observer.observe(element);
    setTimeout(() => fail(new Error(`the browser does not say within ${BOX_MS} ms where elements can be seen`)), BOX_MS);
  });

// An element that opens a closed shadow tree may show what it holds in anything.
const hidesItsTree = (element) => element.localName.includes("-") && !element.shadowRoot;

// Whether the browser may draw the element in a layer of its own, where edges fall on other device pixels.
const isInLayer = (element) => {
  for (let around = element; around; around = drawnIn(around)) {
    const style = getComputedStyle(around);
    const isMoved = [style.transform, style.translate, style.rotate, style.scale, style.perspective, style.filter].some((value) => value && value !== "none");
    const isOwn = isMoved || style.opacity < 1 || style.willChange !== "auto";
    if (isOwn || (style.overflow !== "visible" && !isViewport(around) && hasHidden(around))) return true;
  }
  return false;
};
const hasHidden = ({ scrollWidth, clientWidth, scrollHeight, clientHeight }) => scrollWidth > clientWidth || scrollHeight > clientHeight;

const boxOf = (left, top, right, bottom) => ({ left, top, right, bottom });
const isEmpty = ({ left, top, right, bottom }) => right <= left || bottom <= top;
const common = (one, other) =>
  boxOf(Math.max(one.left, other.left), Math.max(one.top, other.top), Math.min(one.right, other.right), Math.min(one.bottom, other.bottom));

const wholeOf = (element, visible) => {
  const { left, top, right, bottom } = visible.get(element) || boxAround(element);
  return boxOf(left, top, right, bottom);
};

// A text that wraps has a box on each line, and what is broken into columns has one in each.
const partsOf = (element, visible) => {
  const whole = wholeOf(element, visible);
  const parts = drawnBoxes(element).map((part) => common(part, whole)).filter((part) => !isEmpty(part));
  return parts.length > 1 ? parts : [whole];
};

// The boxes of elements that were found for each target, in CSS pixels of the page.
const boxesOf = async (elements, boxesOfOne) => {
  const clipped = [...new Set(elements.flat())].filter((element) => hasSize(element) && mayBeClipped(element));
  const visible = clipped.length ? await visibleBoxes(clipped) : new Map();
  const onPage = ({ left, top, right, bottom }) => ({ x: left + scrollX, y: top + scrollY, width: right - left, height: bottom - top });
  return elements.map((list) =>
    list.flatMap((element) => {
      const inLayer = isInLayer(element);
      return boxesOfOne(element, visible).map((box) => ({ ...onPage(box), ...(inLayer && { inLayer }) }));
    }),
  );
};

// For each target the boxes that a mask has to cover: of all its elements what can be seen, also when something else lies
// over a part.
const boxes = (targets) => {
  const isShown = (element) => canBeSeen(element) && boxedAround(element).checkVisibility({ opacityProperty: true });
  const elements = targets.map((alternatives) => findAll(alternatives).filter(isShown));
  return boxesOf(elements, (element, visible) => partsOf(element, visible).flatMap((part) => (hasSize(element) ? uncovered(part, element) : [part])));
};

// For each target one box around what can be seen of its first element.
const areas = (targets) => {
  const elements = targets.map((alternatives) => findAll(alternatives).filter(canBeSeen).slice(0, 1));
  return boxesOf(elements, (element, visible) => [wholeOf(element, visible)]);
};
