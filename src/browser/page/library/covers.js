// What lies over an element for sure, so that a mask must not hide it: a dialog, a bar that stays in view.
// Called by `boxes.js`.

const isWithin = (element, outer) => {
  for (let around = element; around; around = drawnIn(around)) if (around === outer) return true;
  return false;
};

// Whether nothing shows through the element's border box.
const isOpaque = (element) => {
  const own = getComputedStyle(element);
  if (!own.backgroundColor.startsWith("rgb(") || own.backgroundClip !== "border-box" || own.visibility !== "visible") return false;
  for (let around = element; around; around = drawnIn(around)) {
    const style = getComputedStyle(around);
    const isChanged = [style.filter, style.clipPath, style.maskImage, style.rotate].some((value) => value && value !== "none");
    const isTurned = style.transform !== "none" && !/^matrix\([^,]+, 0, 0, [^,]+,/.test(style.transform);
    if (isChanged || isTurned || style.opacity < 1 || style.mixBlendMode !== "normal") return false;
  }
  return true;
};

// The part of a box that is in it however its edges fall on pixels and its corners are rounded.
const innerBox = ({ left, top, right, bottom }, style) => {
  const corners = [style.borderTopLeftRadius, style.borderTopRightRadius, style.borderBottomLeftRadius, style.borderBottomRightRadius];
  const width = right - left;
  const radii = corners.map((radius) => (Number.parseFloat(radius) || 0) * (radius.includes("%") ? width / 100 : 1));
  const by = 1 + Math.max(...radii) * 0.3;
  return boxOf(left + by, top + by, right - by, bottom - by);
};

// What the element covers for sure. What is around it may cut it off.
const coverOf = (element) => {
  let cover = innerBox(element.getBoundingClientRect(), getComputedStyle(element));
  for (let around = drawnIn(element); around; around = drawnIn(around)) {
    const style = getComputedStyle(around);
    if (style.overflow !== "visible" && !isViewport(around)) cover = common(cover, innerBox(around.getBoundingClientRect(), style));
  }
  return cover;
};

// What is modal lies over everything else, which nothing can point at then.
const modalCovers = (element) => {
  const modal = [...document.querySelectorAll(":modal")];
  return modal.some((one) => isWithin(element, one)) ? [] : modal.filter(isOpaque);
};

// The opaque elements over `element` at a point of the view.
const coversAt = (element, x, y) => {
  const all = document.elementsFromPoint(x, y);
  const own = all.findIndex((found) => isWithin(found, element) || isWithin(element, found));
  if (own < 0 || !isWithin(all[own], element)) return [];
  return all.slice(0, own).filter(isOpaque);
};

const minus = (box, cover) => {
  const both = common(box, cover);
  if (isEmpty(both)) return [box];
  const parts = [
    boxOf(box.left, box.top, box.right, both.top),
    boxOf(box.left, both.bottom, box.right, box.bottom),
    boxOf(box.left, both.top, both.left, both.bottom),
    boxOf(both.right, both.top, box.right, both.bottom),
  ];
  return parts.filter((part) => !isEmpty(part));
};

// The parts of the element's box on which nothing lies for sure. Only the view can be asked what lies over what.
const uncovered = (box, element) => {
  const seen = common(box, boxOf(0, 0, innerWidth, innerHeight));
  if (isEmpty(seen)) return [box];
  const at = (from, to) => [from + Math.min(1, (to - from) / 4), (from + to) / 2, to - Math.min(1, (to - from) / 4)];
  const points = at(seen.left, seen.right).flatMap((x) => at(seen.top, seen.bottom).map((y) => [x, y]));
  const covers = new Set([...modalCovers(element), ...points.flatMap(([x, y]) => coversAt(element, x, y))]);
  const boxes = [...covers].map(coverOf).filter((cover) => !isEmpty(cover));
  return boxes.reduce((parts, cover) => parts.flatMap((part) => minus(part, cover)), [box]);
};
