// Runs in every page before its own scripts. A full-page picture shows the page a tiny window for an
// instant; while hushed, the page is told nothing of it. __NAME__ becomes an unguessable event name.
(() => {
  const NAME = "__NAME__";
  let hushed = false;
  const listen = EventTarget.prototype.addEventListener;
  const stop = Event.prototype.stopImmediatePropagation;
  const call = Function.prototype.call.bind(Function.prototype.call);
  const swallow = (event) => {
    if (hushed) call(stop, event);
  };

  call(listen, window, `${NAME}-on`, () => (hushed = true));
  call(listen, window, `${NAME}-off`, () => (hushed = false));
  call(listen, window, "resize", swallow, true);
  if (window.visualViewport) {
    call(listen, window.visualViewport, "resize", swallow, true);
    call(listen, window.visualViewport, "scroll", swallow, true);
  }

  const quiet = (callback) =>
    typeof callback === "function"
      ? function (...given) {
          if (!hushed) return call(callback, this, ...given);
        }
      : callback;
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
