// When the page last changed.
// Called by `settle.js`.
const changes = (() => {
  let lastMutation = -Infinity;
  // Scrolling and arriving resources change no element.
  let lastOther = -Infinity;
  const watched = new WeakSet();
  const mutations = new MutationObserver(() => (lastMutation = performance.now()));
  const resources = new PerformanceObserver(() => (lastOther = performance.now()));
  resources.observe({ type: "resource" });
  const watchWindow = (view) => {
    for (const kind of ["scroll", "toggle"]) view.addEventListener(kind, () => (lastOther = performance.now()), true);
  };
  const watchRoot = (root) => {
    if (watched.has(root)) return;
    watched.add(root);
    if (root.defaultView) watchWindow(root.defaultView);
    mutations.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
  };
  const watch = (roots) => roots.forEach(watchRoot);
  watch(rootsOf(document));
  const readMutations = () => {
    if (mutations.takeRecords().length) lastMutation = performance.now();
    return lastMutation;
  };
  return {
    watch,
    sinceMutation: () => performance.now() - readMutations(),
    last: () => {
      if (resources.takeRecords().length) lastOther = performance.now();
      return Math.max(readMutations(), lastOther);
    },
  };
})();
