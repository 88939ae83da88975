// What the page shows only while it is in view, by an attribute: it is shown in a picture of the whole page as it was
// seen when the page was scrolled through. Scripts hide it again when it leaves the view, or when the page is back at
// its top.
// Called by `settle.js` and `scroll_through.js`, and by `timeline.js` to hide it again.

// The elements that changed an attribute when they left the view, each with the attribute's name, the value that was
// seen and the one afterwards. `isShown`: for a picture it has the value that was seen.
const seenParts = [];
const changedAttributes = [];
const attributeChanges = new MutationObserver((records) => changedAttributes.push(...records));
const SEEN_CHANGES = { attributes: true, attributeOldValue: true, subtree: true };
let seesChanges = false;

// Elements that wait at the same place of the view are not seen only there.
const isHeldInView = (element) => {
  for (let at = element; at; at = drawnIn(at)) {
    if (["fixed", "sticky"].includes(getComputedStyle(at).position)) return true;
  }
  return false;
};
const heightInView = (top, height) => Math.max(0, Math.min(top + height, innerHeight) - Math.max(top, 0));
const hasLeft = (element, moved) => {
  if (!element.getClientRects().length) return true;
  const { top, height } = element.getBoundingClientRect();
  // A box without a height has a place too.
  const size = Math.max(1, height);
  return heightInView(top + moved, size) > heightInView(top, size);
};
// An inline style says how visible something is, but also where it is while it moves.
const visibilityIn = (style) => {
  const { style: read } = document.createElement("i");
  read.cssText = style ?? "";
  return [read.opacity, read.visibility, read.display].join();
};
const isOnlyMoved = (attribute, one, other) => attribute === "style" && visibilityIn(one) === visibilityIn(other);

const beginSeeing = () => {
  for (const root of rootsOf(document)) attributeChanges.observe(root, SEEN_CHANGES);
  seesChanges = true;
};
// The page was scrolled by so many pixels, or back to where it was. Its scripts may be one step late.
let movedBefore = 0;
const noteSeen = (step, isBack) => {
  const moved = movedBefore + step;
  movedBefore = step;
  const records = changedAttributes.splice(0).concat(attributeChanges.takeRecords());
  for (const { target, attributeName, oldValue } of records) {
    const isKnown = seenParts.some(({ element, attribute }) => element === target && attribute === attributeName);
    if (isKnown || isOnlyMoved(attributeName, oldValue, target.getAttribute(attributeName))) continue;
    if (isBack ? isInView(target) : !hasLeft(target, moved)) continue;
    if (!isHeldInView(target)) seenParts.push({ element: target, attribute: attributeName, seen: oldValue, isShown: false });
  }
};

const setAttribute = (element, attribute, value) =>
  value === null ? element.removeAttribute(attribute) : element.setAttribute(attribute, value);

// A page that has changed such an attribute since means what it says.
const showSeen = () => {
  if (seesChanges) {
    noteSeen(0, true);
    attributeChanges.disconnect();
    seesChanges = false;
    for (const part of seenParts) part.hidden ??= { value: part.element.getAttribute(part.attribute) };
  }
  const toShow = seenParts.filter(
    ({ element, attribute, seen, hidden, isShown }) =>
      !isShown && element.isConnected && !isInView(element) && seen !== hidden.value && element.getAttribute(attribute) === hidden.value,
  );
  for (const part of toShow) {
    setAttribute(part.element, part.attribute, part.seen);
    part.isShown = true;
  }
  return toShow.length;
};
const hideSeen = () => {
  for (const part of seenParts.filter(({ isShown }) => isShown)) {
    const { element, attribute, seen, hidden } = part;
    if (element.getAttribute(attribute) === seen) setAttribute(element, attribute, hidden.value);
    part.isShown = false;
  }
};

// How many elements take up space below the view and are transparent, as if they waited for it. This is looked for once,
// before the page has been scrolled through.
const MAY_BE_TRANSPARENT = "div, section, article, main, aside, header, footer, figure, img, ul, ol, li, form, table, p, h1, h2, h3, h4";
let transparentParts = null;
const isTransparentBelow = (element) => {
  if (element.checkVisibility({ opacityProperty: true })) return false;
  const { top, width, height } = element.getBoundingClientRect();
  if (top + scrollY < innerHeight || width * height < 1000) return false;
  const { opacity, position } = getComputedStyle(element);
  return opacity === "0" && ["static", "relative"].includes(position);
};
const countTransparent = () => {
  const isTall = Boolean(document.body) && measure().pageHeight > innerHeight;
  transparentParts ??= isTall ? [...document.body.querySelectorAll(MAY_BE_TRANSPARENT)].filter(isTransparentBelow).length : null;
  return transparentParts ?? 0;
};
const forgetTransparent = () => (transparentParts = 0);
