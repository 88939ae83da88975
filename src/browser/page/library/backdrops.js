// What is fixed to the view behind or over the page is extended over the whole page.
// Called by `settle.js` and `whole_page.js`.

// Backdrops are fixed behind or over the page and have no content of their own: they cover whatever the view shows, and
// so they cover the picture.
const COVERING = 1;
const coversView = ({ left, top, right, bottom }) =>
  left <= COVERING && top <= COVERING && right >= innerWidth - COVERING && bottom >= innerHeight - COVERING;
const isBackdrop = (element) =>
  [...element.childNodes].every((node) =>
    node.nodeType === Node.ELEMENT_NODE
      ? getComputedStyle(node).display === "none" || (coversView(node.getBoundingClientRect()) && isBackdrop(node))
      : node.nodeType !== Node.TEXT_NODE || !node.data.trim(),
  );

// The styles of a box over the whole page.
const overPage = ({ pageX, pageY, pageWidth, pageHeight }) => ({
  top: `${pageY}px`,
  left: `${pageX}px`,
  bottom: "auto",
  right: "auto",
  width: `${pageWidth}px`,
  height: `${pageHeight}px`,
  "max-width": "none",
  "max-height": "none",
  transition: "none",
});

// Those whose colour goes on around them.
const shadowed = new Set();
const extendFixed = (element, style, page) => {
  if (!coversView(element.getBoundingClientRect()) || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return;
  if (!element.shadowRoot && isBackdrop(element)) {
    const box = overPage(page);
    for (const property in box) setStyle(element, property, box[property]);
  } else if (style.backgroundColor !== "rgba(0, 0, 0, 0)" && !shadowed.has(element)) {
    // What it holds stays where it is, and only its colour goes on.
    shadowed.add(element);
    const shadow = `0 0 0 ${page.pageWidth + page.pageHeight}px ${style.backgroundColor}`;
    setStyle(element, "transition", "none");
    setStyle(element, "box-shadow", style.boxShadow === "none" ? shadow : `${style.boxShadow}, ${shadow}`);
  }
};

// Pseudo-elements that cover the view have no style of their own to set, so a style sheet does it.
const PSEUDO = ["::before", "::after"];
const coversViewAsPseudo = (element, pseudo) => {
  const { position, content, width, height, top, left } = getComputedStyle(element, pseudo);
  return (
    position === "fixed" &&
    content !== "none" &&
    coversView({ left: number(left), top: number(top), right: number(left) + number(width), bottom: number(top) + number(height) })
  );
};
let backdropSheet = null;
const extendPseudo = (selectors, page) => {
  const box = Object.entries(overPage(page)).map(([property, value]) => `${property}: ${value} !important;`);
  const rule = selectors.map((selector) => `${selector} { ${box.join(" ")} }`).join("\n");
  if (!backdropSheet) {
    backdropSheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(backdropSheet);
  }
  backdropSheet.replaceSync(rule);
};

// The body, what stands in it, and one level further: elements that hold a page and may have a backdrop of that kind.
const outerElements = () => {
  const { documentElement, body } = document;
  const inner = body ? [...body.children].flatMap((element) => [element, ...element.children]) : [];
  return [documentElement, body, ...inner].filter(Boolean);
};

// What the page looked like when its backdrops were looked for.
let lookedFor = { at: -Infinity, size: "" };

// Extends everything that is fixed to the view over the whole page.
const extendBackdrops = (roots) => {
  const page = measure();
  if (page.pageWidth <= page.width && page.pageHeight <= page.height) return;
  const size = `${page.pageWidth} ${page.pageHeight}`;
  if (size === lookedFor.size && changes.last() < lookedFor.at) return;
  for (const root of roots) {
    for (const element of root.querySelectorAll("*")) {
      const style = getComputedStyle(element);
      if (style.backgroundAttachment.includes("fixed")) setStyle(element, "background-attachment", "scroll");
      if (style.position === "fixed") extendFixed(element, style, page);
    }
  }
  const selectors = [];
  for (const element of outerElements()) {
    for (const pseudo of PSEUDO.filter((name) => coversViewAsPseudo(element, name))) {
      if (!element.hasAttribute(NAME)) element.setAttribute(NAME, "");
      selectors.push(`[${NAME}]${pseudo}`);
    }
  }
  if (document.querySelector("dialog[open], [popover]")) selectors.push(":modal::backdrop", ":popover-open::backdrop");
  if (selectors.length) extendPseudo(selectors, page);
  lookedFor = { at: performance.now(), size };
};

const takeBackdropsBack = () => {
  if (backdropSheet) {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== backdropSheet);
    for (const element of document.querySelectorAll(`[${NAME}]`)) element.removeAttribute(NAME);
    backdropSheet = null;
  }
  shadowed.clear();
  lookedFor = { at: -Infinity, size: "" };
};
