// Changes that a picture makes to the page's styles and scroll positions, and takes back afterwards.
// Called by `whole_page.js`, `enlarge.js` and `backdrops.js`.

// The properties that we set, with the value and priority that they had.
const styledBefore = new Map();
const setStyle = (element, property, value) => {
  const before = styledBefore.get(element) || new Map([[null, element.hasAttribute("style")]]);
  styledBefore.set(element, before);
  const { style } = element;
  if (!before.has(property)) before.set(property, [style.getPropertyValue(property), style.getPropertyPriority(property)]);
  style.setProperty(property, value, "important");
};

// The scroll positions to go back to, by element; that of the page belongs to its root element.
const scrolledBefore = new Map();
const rememberScroll = (element) => {
  if (!scrolledBefore.has(element)) scrolledBefore.set(element, { left: element.scrollLeft, top: element.scrollTop });
};

const putStylesBack = (elements) => {
  for (const element of elements) {
    const properties = styledBefore.get(element);
    if (!properties) continue;
    styledBefore.delete(element);
    const hadStyle = properties.get(null);
    properties.delete(null);
    for (const [property, [value, priority]] of properties) element.style.setProperty(property, value, priority);
    if (!hadStyle && !element.getAttribute("style")) element.removeAttribute("style");
  }
};

const putBack = () => {
  putStylesBack([...styledBefore.keys()]);
  for (const [element, position] of scrolledBefore) element.scrollTo({ ...position, behavior: "instant" });
  scrolledBefore.clear();
};
