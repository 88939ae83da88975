// Finds elements. An alternative is one of {css: [host, …, inside]}, {text: "…"} or {xpath: "…"}; the first
// alternative that finds anything wins.
// Called from `act/find.rs`, which puts it before every script of a step, and by `boxes.js`.
// Zero-width spaces and soft hyphens are not read.
const collapse = (text) => (text || "").replace(/[\u00ad\u200b\ufeff]+/g, "").replace(/\s+/g, " ").trim();
const squeeze = (text) => text.replace(/[\s\u00ad\u200b\ufeff]+/g, "");

const byCss = ([first, ...inner]) =>
  inner.reduce(
    (hosts, part) => hosts.flatMap((host) => (host.shadowRoot ? [...host.shadowRoot.querySelectorAll(part)] : [])),
    [...document.querySelectorAll(first)],
  );

const NOT_READ = "script,style,noscript,template,svg title,svg desc";
const WITHOUT_TEXT = `${NOT_READ},head,head *`;
const BUTTONS = "input[type=submit],input[type=button],input[type=reset]";

const isReadOnWith = (element) => /^(inline|contents|none|ruby)/.test(getComputedStyle(element).display);

// The text of an element as it is read: lines and blocks are apart. `most` is how many characters are of interest.
const readText = (element, most) => {
  const parts = [];
  let length = 0;
  const read = (node) => {
    for (let child = node.firstChild; child && length <= most; child = child.nextSibling) {
      if (child.nodeType === Node.TEXT_NODE) {
        parts.push(child.data);
        length += squeeze(child.data).length;
      } else if (child.localName === "br") {
        parts.push(" ");
      } else if (child.nodeType === Node.ELEMENT_NODE && !child.matches(NOT_READ)) {
        const space = isReadOnWith(child) ? "" : " ";
        parts.push(space);
        read(child);
        parts.push(space);
      }
    }
  };
  read(element);
  return collapse(parts.join(""));
};
const shownText = (element, most = Infinity) => {
  if (element.localName === "input" && element.matches(BUTTONS)) return collapse(element.value);
  return element.firstElementChild ? readText(element, most) : collapse(element.textContent);
};

// Everything that holds text which is not read.
const aroundNotRead = () => {
  const found = new Set();
  for (const { parentElement } of document.querySelectorAll(NOT_READ)) {
    for (let at = parentElement; at && !found.has(at); at = at.parentElement) found.add(at);
  }
  return found;
};

const byText = (wanted) => {
  const letters = squeeze(wanted);
  const holdsMore = aroundNotRead();
  // Quicker than to read every element.
  const mayRead = (element) => {
    if (element.localName === "input") return element.matches(BUTTONS);
    const found = squeeze(element.textContent);
    return found === letters || (holdsMore.has(element) && found.includes(letters));
  };
  const matching = [...document.querySelectorAll(`:not(${WITHOUT_TEXT})`)].filter(
    (element) => mayRead(element) && shownText(element, letters.length) === wanted,
  );
  // In document order, what an element contains follows it at once.
  return matching.filter((element, index) => !element.contains(matching[index + 1] || null));
};

const byXPath = (path) => {
  const found = document.evaluate(path, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
  return Array.from({ length: found.snapshotLength }, (_, index) => found.snapshotItem(index)).filter(
    (node) => node.nodeType === Node.ELEMENT_NODE,
  );
};

const findAll = (alternatives) => {
  for (const way of alternatives) {
    const found = way.css ? byCss(way.css) : way.text !== undefined ? byText(collapse(way.text)) : byXPath(way.xpath);
    if (found.length) return found;
  }
  return [];
};

const hasArea = ({ width, height }) => width > 0 && height > 0;

// What is drawn as part of an element: what is slotted into it, or in its shadow tree, or its children.
const drawnParts = (element) => {
  const slotted = element.localName === "slot" ? element.assignedNodes() : [];
  return slotted.length ? slotted : [...(element.shadowRoot || element).childNodes];
};

const boxesOfText = (node) => {
  const range = document.createRange();
  range.selectNodeContents(node);
  return [...range.getClientRects()].filter(hasArea);
};

const imageOf = (area) => {
  const name = area.closest("map")?.name;
  return (name && area.getRootNode().querySelector(`[usemap="#${CSS.escape(name)}"]`)) || null;
};

// The box around an area of an image map.
const boxesOfArea = (area) => {
  const image = imageOf(area);
  if (!image || !canBeSeen(image)) return [];
  const { left, top, width, height } = image.getBoundingClientRect();
  const { paddingLeft, paddingTop } = getComputedStyle(image);
  const x = left + image.clientLeft + parseFloat(paddingLeft);
  const y = top + image.clientTop + parseFloat(paddingTop);
  const at = area.coords.split(",").map(Number);
  const circle = (centreX, centreY, radius) => [centreX - radius, centreY - radius, centreX + radius, centreY + radius];
  const corners = (numbers) => [0, 1].map((first) => numbers.filter((_, index) => index % 2 === first));
  const around = ([lefts, tops]) => [Math.min(...lefts), Math.min(...tops), Math.max(...lefts), Math.max(...tops)];
  const shape = area.shape.toLowerCase();
  if (shape === "default") return [new DOMRect(left, top, width, height)];
  const [x1, y1, x2, y2] = shape.startsWith("circ") ? circle(...at) : around(corners(at));
  return [new DOMRect(x + x1, y + y1, x2 - x1, y2 - y1)].filter(hasArea);
};

// Where an element is drawn that has no box of its own, or none with a size: there its parts are seen.
const boxesOfParts = (element) => {
  if (element.localName === "area") return boxesOfArea(element);
  const { display, overflowX, overflowY, visibility } = getComputedStyle(element);
  const hasNoBox = display === "contents";
  if (display === "none" || !(hasNoBox || (overflowX === "visible" && overflowY === "visible"))) return [];
  return drawnParts(element).flatMap((part) => {
    if (part.nodeType === Node.ELEMENT_NODE) return canBeSeen(part) ? drawnBoxes(part) : [];
    const isSeen = hasNoBox && part.nodeType === Node.TEXT_NODE && visibility === "visible";
    return isSeen ? boxesOfText(part) : [];
  });
};

const drawnBoxes = (element) => {
  const own = [...element.getClientRects()].filter(hasArea);
  return own.length ? own : boxesOfParts(element);
};

const hasSize = (element) => hasArea(element.getBoundingClientRect());

// The element itself, or what it lies in if it has no box at all.
const boxedAround = (element) => {
  let at = element;
  while (at.parentElement && getComputedStyle(at).display === "contents") at = at.parentElement;
  return at;
};

// The box around all that is drawn of an element.
const boxAround = (element) => {
  const own = element.getBoundingClientRect();
  const parts = hasArea(own) ? [own] : boxesOfParts(element);
  if (parts.length < 2) return parts[0] || own;
  const left = Math.min(...parts.map((part) => part.left));
  const top = Math.min(...parts.map((part) => part.top));
  return new DOMRect(left, top, Math.max(...parts.map(({ right }) => right)) - left, Math.max(...parts.map(({ bottom }) => bottom)) - top);
};

const canBeSeen = (element) =>
  hasArea(element.getBoundingClientRect())
    ? element.checkVisibility({ visibilityProperty: true })
    : boxesOfParts(element).length > 0;

// The first match that can be seen, else the first.
const findOne = (alternatives) => {
  const found = findAll(alternatives);
  return found.find(canBeSeen) || found[0] || null;
};

const pageText = () => (document.body ? collapse(document.body.innerText) : "");
