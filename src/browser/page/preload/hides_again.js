// Knows what the page shows only while it is in view, and shows it for a picture of the whole page: the page is told
// once more that it is in view, and after the picture that it has left. The page tells its own elements by an
// IntersectionObserver; only those count that change in themselves when they leave the view. A menu that follows the
// scroll position changes elsewhere, and keeps what is true.
// Asked by `library/lazy.js`.

// What was told of each element by each observer: the entry with most of it in view, and the last one out of view if
// that is newer.
const tellings = new OwnWeakMap();
// The tellings of elements that have left the view, and those of them whose elements have changed since.
const left = new OwnSet();
const hidden = new OwnSet();
// Those that are told to be in view for a picture.
const shownForPicture = new OwnSet();
let isScrollingThrough = false;

const OriginalMutationObserver = MutationObserver;
const { observe, disconnect } = MutationObserver.prototype;
const { contains } = Node.prototype;
const noteChange = (node) =>
  left.forEach((telling) => {
    if (call(contains, telling.target, node)) hidden.add(telling);
  });
const watchChanges = new OriginalMutationObserver((records) => {
  for (let index = 0; index < records.length; index += 1) noteChange(records[index].target);
});
replace(Element.prototype, "animate", (native, self, given) => {
  noteChange(self);
  return apply(native, self, given);
});
const CHANGES = { attributes: true, childList: true, characterData: true, subtree: true };

const tellingOf = (callback, observer, target) => {
  if (!tellings.has(observer)) tellings.set(observer, new OwnWeakMap());
  const ofObserver = tellings.get(observer);
  if (!ofObserver.has(target)) ofObserver.set(target, { callback, observer, target, inView: null, out: null });
  return ofObserver.get(target);
};
const noteTelling = (telling, entry) => {
  if (entry.isIntersecting) {
    const hasMore = !telling.inView || entry.intersectionRatio >= telling.inView.intersectionRatio;
    if (hasMore) telling.inView = entry;
    telling.out = null;
    left.delete(telling);
    shownForPicture.delete(telling);
  } else if (telling.inView) {
    telling.out = entry;
    if (!isScrollingThrough) return;
    left.add(telling);
    call(observe, watchChanges, telling.target, CHANGES);
  }
};
onObserved(
  "IntersectionObserver",
  (callback) =>
    function (entries, observer) {
      const isOfView = !observer.root || observer.root === document;
      for (let index = 0; isOfView && index < entries.length; index += 1) {
        noteTelling(tellingOf(callback, observer, entries[index].target), entries[index]);
      }
      return call(callback, this, entries, observer);
    },
);

// Calls each observer once, with an entry of each of these tellings.
const tell = (some, entryOf) => {
  const observers = new OwnMap();
  some.forEach((telling) => {
    if (!observers.has(telling.observer)) observers.set(telling.observer, { callback: telling.callback, entries: [] });
    const { entries } = observers.get(telling.observer);
    entries[entries.length] = entryOf(telling);
  });
  observers.forEach(({ callback, entries }, observer) => {
    try {
      call(callback, observer, entries, observer);
    } catch (error) {
      call(reportError, window, error);
    }
  });
};

onMessage("scroll-through", () => (isScrollingThrough = true));
onQuestion("show-hidden", () => {
  const again = new OwnSet();
  hidden.forEach((telling) => {
    if (!telling.target.isConnected) hidden.delete(telling);
    else if (telling.out && !shownForPicture.has(telling)) again.add(telling);
  });
  again.forEach((telling) => shownForPicture.add(telling));
  tell(again, (telling) => telling.inView);
  return again.size;
});
onMessage("release", () => {
  isScrollingThrough = false;
  call(disconnect, watchChanges);
  left.clear();
  const again = new OwnSet();
  shownForPicture.forEach((telling) => again.add(telling));
  shownForPicture.clear();
  tell(again, (telling) => telling.out);
});
