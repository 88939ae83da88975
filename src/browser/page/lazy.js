// Runs in every page before its own scripts, after hide_resize.js: knows what is kept back until it comes into view, by
// scripts that watch for it and by `content-visibility: auto`. __NAME__ becomes an unguessable event name.
(() => {
  const NAME = "__NAME__";
  const Native = window.IntersectionObserver;
  const call = Function.prototype.call.bind(Function.prototype.call);
  const listen = EventTarget.prototype.addEventListener;
  const send = EventTarget.prototype.dispatchEvent;
  const Told = CustomEvent;
  const tell = (name, detail) => call(send, window, new Told(`${NAME}-${name}`, { detail }));

  // Elements of which the page was told that they are out of view. Of each that it was told of, how often the page had
  // been scrolled through by then.
  const unseen = new Set();
  const known = new WeakMap();
  let rounds = 0;
  const note = (entries, { root }) => {
    if (root && root !== document) return;
    for (let index = 0; index < entries.length; index += 1) {
      const { target, isIntersecting } = entries[index];
      if (!known.has(target)) known.set(target, rounds);
      if (isIntersecting) unseen.delete(target);
      else if (known.get(target) === rounds) unseen.add(target);
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
    for (const element of skipped) {
      // It stays as closed in itself as the other value makes it.
      element.style.setProperty("contain", "content", "important");
      element.style.setProperty("content-visibility", "visible", "important");
    }
    skipped.clear();
  });

  call(listen, window, `${NAME}-unseen`, () => {
    for (const target of unseen) if (!target.isConnected) unseen.delete(target);
    for (const element of skipped) if (!element.isConnected) skipped.delete(element);
    tell("kept", unseen.size + skipped.size);
  });
  // The page was scrolled through: what it was told of is not waited for any more.
  call(listen, window, `${NAME}-passed`, () => {
    rounds += 1;
    unseen.clear();
  });
})();
