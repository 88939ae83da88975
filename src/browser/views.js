// Runs in every page before its own scripts, after hush.js: knows what is kept back until it comes into view, by
// scripts that watch for it and by `content-visibility: auto`. __NAME__ becomes an unguessable event name.
(() => {
  const NAME = "__NAME__";
  const Native = window.IntersectionObserver;
  const call = Function.prototype.call.bind(Function.prototype.call);
  const listen = EventTarget.prototype.addEventListener;
  const send = EventTarget.prototype.dispatchEvent;
  const Told = CustomEvent;
  const tell = (name, detail) => call(send, window, new Told(`${NAME}-${name}`, { detail }));

  // Elements of which the page was told that they are out of view, and not once that they were in view.
  const unseen = new Set();
  const seen = new WeakSet();
  const note = (entries, { root }) => {
    if (root && root !== document) return;
    for (let index = 0; index < entries.length; index += 1) {
      const { target, isIntersecting } = entries[index];
      if (isIntersecting) {
        seen.add(target);
        unseen.delete(target);
      } else if (!seen.has(target)) unseen.add(target);
    }
  };

  const Noting = class extends Native {
    constructor(callback, options) {
      const noting = function (entries, observer) {
        note(entries, observer);
        return call(callback, this, entries, observer);
      };
      super(typeof callback === "function" ? noting : callback, options);
    }
  };
  Object.defineProperty(Noting, "name", { value: "IntersectionObserver" });
  window.IntersectionObserver = Noting;

  // Elements whose content the browser leaves out where it is far from the view.
  const skipped = new Set();
  const noteSkipped = (event) => {
    const element = event.composedPath()[0];
    if (event.skipped) skipped.add(element);
    else skipped.delete(element);
  };
  call(listen, document, "contentvisibilityautostatechange", noteSkipped, true);
  call(listen, window, `${NAME}-reveal`, () => {
    tell("revealed", skipped.size);
    for (const element of skipped) element.style.setProperty("content-visibility", "visible", "important");
    skipped.clear();
  });

  call(listen, window, `${NAME}-unseen`, () => {
    for (const target of unseen) if (!target.isConnected) unseen.delete(target);
    for (const element of skipped) if (!element.isConnected) skipped.delete(element);
    tell("kept", unseen.size + skipped.size);
  });
  // The page was scrolled through: what was out of view even so never comes into it.
  call(listen, window, `${NAME}-passed`, () => unseen.clear());
})();
