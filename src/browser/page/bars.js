// Runs in every page of WebKit before its own scripts: no scrollbars. WebKit draws them over the page and lets
// them fade when something was scrolled, and later rules do not hide those that it has made.
(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { scrollbar-width: none !important; }");
  document.adoptedStyleSheets.push(sheet);
  const { apply } = Reflect;
  Element.prototype.attachShadow = new Proxy(Element.prototype.attachShadow, {
    apply: (attach, host, given) => {
      const root = apply(attach, host, given);
      root.adoptedStyleSheets.push(sheet);
      return root;
    },
  });
})();
