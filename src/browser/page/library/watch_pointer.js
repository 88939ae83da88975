// Watches whether the pointer meets the element that is meant when it acts. What else it meets does not notice a press.
// Called by `reach.js` and from `act/reach.rs`.

const PRESSES = "pointerdown mousedown pointerup mouseup click dblclick auxclick contextmenu";
const MOVES = "pointermove mousemove pointerover mouseover";

// `hasMet` says whether the element was met; null if nothing of this window was. `again` finds it anew.
const watchPointer = (element, { kind, name, again }) => {
  window[name]?.stop();
  const isMove = kind === "hover";
  const watch = { hasMet: null };
  const notice = (event) => {
    if (!event.isTrusted) return;
    const [met] = event.composedPath();
    const meant = (!element.isConnected && again?.()) || element;
    const isMeant = Boolean(met?.nodeType === Node.ELEMENT_NODE && actsOn(met, meant, kind));
    if (isMove) {
      // The page may draw the element anew as soon as it is met.
      watch.hasMet ||= isMeant;
      return;
    }
    watch.hasMet ??= isMeant;
    if (watch.hasMet) {
      watch.stop();
      return;
    }
    event.stopImmediatePropagation();
    event.preventDefault();
  };
  const kinds = (isMove ? MOVES : PRESSES).split(" ");
  watch.stop = () => kinds.forEach((type) => window.removeEventListener(type, notice, true));
  kinds.forEach((type) => window.addEventListener(type, notice, true));
  Object.defineProperty(window, name, { value: watch, configurable: true });
};
