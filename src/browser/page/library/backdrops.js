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

const fillPage = (element, page) => {
  const box = overPage(page);
  for (const property in box) setStyle(element, property, box[property]);
};

// Those whose background goes on around them, with the boxes that they had.
const extended = new Map();

// Lets the background of a box go on over the whole page. Behind a border it does, and all that the box holds stays where it
// is. A picture that fills the view is drawn again for each view, as a person sees it there.
const FILLING = /cover|100%/;
const extendBackground = (element, { backgroundSize, backgroundAttachment }, page) => {
  const { left, top, width, height } = extended.get(element);
  const beyond = { left: left - page.pageX, top: top - page.pageY };
  beyond.right = page.pageWidth - beyond.left - width;
  beyond.bottom = page.pageHeight - beyond.top - height;
  const edges = Object.keys(beyond).filter((edge) => beyond[edge] >= 1);
  for (const edge of edges) {
    const border = { width: `${beyond[edge]}px`, style: "solid", color: "transparent" };
    for (const part in border) setStyle(element, `border-${edge}-${part}`, border[part]);
  }
  setStyle(element, "box-sizing", "border-box");
  fillPage(element, page);
  if (FILLING.test(backgroundSize) && backgroundAttachment !== "fixed") setStyle(element, "background-repeat", "repeat");
};

const goOnAround = (element, style, page) => {
  const { backgroundImage, backgroundColor } = style;
  if (backgroundImage === "none" && (backgroundColor === "rgba(0, 0, 0, 0)" || extended.has(element))) return;
  if (!extended.has(element)) extended.set(element, edgesOf(element));
  if (backgroundImage !== "none") return extendBackground(element, style, page);
  const shadow = `0 0 0 ${page.pageWidth + page.pageHeight}px ${backgroundColor}`;
  setStyle(element, "transition", "none");
  setStyle(element, "box-shadow", style.boxShadow === "none" ? shadow : `${style.boxShadow}, ${shadow}`);
};
const extendFixed = (element, style, page) => {
  const isShown = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  if (!isShown || !(extended.has(element) || coversView(edgesOf(element)))) return;
  if (!element.shadowRoot && isBackdrop(element)) return fillPage(element, page);
  // What it holds stays where it is, but for its own backdrops.
  goOnAround(element, style, page);
  if (style.overflow !== "visible") return;
  const backs = [...element.children].filter((child) => coversView(edgesOf(child)) && isBackdrop(child));
  for (const back of backs) if (getComputedStyle(back).position === "absolute") fillPage(back, page);
};

// Pseudo-elements that cover the view have no style of their own to set, so a style sheet does it.
const PSEUDO = ["before", "after"];
const coversViewAsPseudo = (element, pseudo) => {
  const { content, position, width, height, top, left } = getComputedStyle(element, `::${pseudo}`);
  if (content === "none" || position !== "fixed") return false;
  return coversView({ left: number(left), top: number(top), right: number(left) + number(width), bottom: number(top) + number(height) });
};
let backdropSheet = null;
const extendPseudo = (roots, selectors, page) => {
  const box = Object.entries(overPage(page)).map(([property, value]) => `${property}: ${value} !important;`);
  const rule = selectors.map((selector) => `${selector} { ${box.join(" ")} }`).join("\n");
  backdropSheet ??= new CSSStyleSheet();
  backdropSheet.replaceSync(rule);
  for (const { adoptedStyleSheets: sheets } of roots) if (!sheets.includes(backdropSheet)) sheets.push(backdropSheet);
};
// Marks the element for the style sheet.
const markPseudo = (element, pseudo) => {
  const marks = (element.getAttribute(NAME) || "").split(" ").filter(Boolean);
  if (!marks.includes(pseudo)) element.setAttribute(NAME, [...marks, pseudo].join(" "));
};

// What the page looked like when its backdrops were looked for.
let lookedFor = { at: -Infinity, size: "" };

// Extends everything that is fixed to the view over the whole page.
const extendBackdrops = (roots) => {
  const page = measure();
  if (page.pageWidth <= page.width && page.pageHeight <= page.height) return;
  const size = `${page.pageWidth} ${page.pageHeight}`;
  if (size === lookedFor.size && changes.last() < lookedFor.at) return;
  const selectors = new Set();
  for (const element of allIn(roots, "*")) {
    const style = getComputedStyle(element);
    if (style.backgroundAttachment.includes("fixed")) setStyle(element, "background-attachment", "scroll");
    if (style.position === "fixed" || wereFixed.has(element)) extendFixed(element, style, page);
    for (const pseudo of PSEUDO.filter((name) => coversViewAsPseudo(element, name))) {
      markPseudo(element, pseudo);
      selectors.add(`[${NAME}~=${pseudo}]::${pseudo}`);
    }
  }
  if (document.querySelector("dialog[open], [popover]")) selectors.add(":modal::backdrop").add(":popover-open::backdrop");
  if (selectors.size) extendPseudo(roots, [...selectors], page);
  lookedFor = { at: performance.now(), size };
};

const takeBackdropsBack = () => {
  if (backdropSheet) {
    for (const root of rootsOf(document)) {
      root.adoptedStyleSheets = [...root.adoptedStyleSheets].filter((sheet) => sheet !== backdropSheet);
      for (const element of root.querySelectorAll(`[${NAME}]`)) element.removeAttribute(NAME);
    }
    backdropSheet = null;
  }
  extended.clear();
  lookedFor = { at: -Infinity, size: "" };
};
