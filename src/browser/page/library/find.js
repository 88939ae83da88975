// Finds elements. An alternative is one of {css: [host, …, inside]}, {text: "…"} or {xpath: "…"}; the first
// alternative that finds anything wins.
// Called from `act/find.rs`, which puts it before every script of a step, and by `boxes.js`.
const collapse = (text) => (text || "").replace(/\s+/g, " ").trim();

const byCss = ([first, ...inner]) =>
  inner.reduce(
    (hosts, part) => hosts.flatMap((host) => (host.shadowRoot ? [...host.shadowRoot.querySelectorAll(part)] : [])),
    [...document.querySelectorAll(first)],
  );

const WITHOUT_TEXT = "script,style,noscript,template,head,head *";
const BUTTONS = "input[type=submit],input[type=button],input[type=reset]";
const shownText = (element) =>
  collapse(element.localName === "input" && element.matches(BUTTONS) ? element.value : element.textContent);

const byText = (wanted) => {
  const matching = [...document.querySelectorAll(`:not(${WITHOUT_TEXT})`)].filter((element) => shownText(element) === wanted);
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

const canBeSeen = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true });
};

// The first match that can be seen, else the first.
const findOne = (alternatives) => {
  const found = findAll(alternatives);
  return found.find(canBeSeen) || found[0] || null;
};

const pageText = () => (document.body ? collapse(document.body.innerText) : "");
