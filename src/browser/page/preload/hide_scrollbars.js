// Hides scrollbars where the browser cannot: WebKit draws them over the page and lets them fade after scrolling,
// and a later rule does not hide those that it has already made.
// Part of the preload script of WebKit.
const noScrollbars = new CSSStyleSheet();
noScrollbars.replaceSync("* { scrollbar-width: none !important; }");
document.adoptedStyleSheets.push(noScrollbars);
replace(Element.prototype, "attachShadow", (native, self, given) => {
  const root = apply(native, self, given);
  root.adoptedStyleSheets.push(noScrollbars);
  return root;
});
