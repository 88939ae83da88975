// Runs in every page before its own scripts. A full-page picture shows the page a tiny window for an
// instant; while hushed, the page is told nothing of it. __NAME__ becomes an unguessable event name.
(() => {
  const NAME = "__NAME__";
  let hushed = false;
  const listen = EventTarget.prototype.addEventListener;
  const stop = Event.prototype.stopImmediatePropagation;
  const call = Function.prototype.call.bind(Function.prototype.call);
  const { apply } = Reflect;
  const swallow = (event) => {
    if (hushed) call(stop, event);
  };

  const waiting = new Set();
  // Timers run on, and may look.
  const sizes = [
    [window, "innerWidth"],
    [window, "innerHeight"],
    [VisualViewport.prototype, "width"],
    [VisualViewport.prototype, "height"],
  ].map(([owner, name]) => {
    const found = Object.getOwnPropertyDescriptor(owner, name);
    const size = { from: owner === window ? window : window.visualViewport, read: found.get, kept: 0 };
    const get = new Proxy(found.get, { apply: (read, self, given) => (hushed ? size.kept : apply(read, self, given)) });
    Object.defineProperty(owner, name, { ...found, get });
    return size;
  });
  const keepSizes = () => {
    for (let index = 0; index < sizes.length; index += 1) sizes[index].kept = call(sizes[index].read, sizes[index].from);
  };

  call(listen, window, `${NAME}-on`, () => {
    if (!hushed) keepSizes();
    hushed = true;
  });
  call(listen, window, `${NAME}-off`, () => {
    hushed = false;
    for (const deliver of [...waiting]) deliver();
  });
  call(listen, window, "resize", swallow, true);
  if (window.visualViewport) {
    call(listen, window.visualViewport, "resize", swallow, true);
    call(listen, window.visualViewport, "scroll", swallow, true);
  }

  // What an observer is told while hushed is dropped, but for its first call: nobody told it anything yet.
  const quiet = (callback) => {
    if (typeof callback !== "function") return callback;
    let isTold = false;
    let deliver = null;
    return function (...given) {
      waiting.delete(deliver);
      if (hushed && isTold) return;
      deliver = () => {
        waiting.delete(deliver);
        isTold = true;
        return call(callback, this, ...given);
      };
      if (!hushed) return deliver();
      waiting.add(deliver);
    };
  };
  const wrapObserver = (name) => {
    const Native = window[name];
    if (!Native) return;
    const Quiet = class extends Native {
      constructor(callback, options) {
        super(quiet(callback), options);
      }
    };
    Object.defineProperty(Quiet, "name", { value: name });
    window[name] = Quiet;
  };
  wrapObserver("ResizeObserver");
  wrapObserver("IntersectionObserver");

  const matchMedia = window.matchMedia;
  window.matchMedia = function (query) {
    const list = call(matchMedia, window, query);
    call(listen, list, "change", swallow);
    return list;
  };
})();
