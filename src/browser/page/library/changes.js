// When the page last changed.
// Called by `settle.js`.

// What brings code and styles into a page.
const CODE = ["script", "link"];

const changes = (() => {
  let lastMutation = -Infinity;
  // Scrolling and arriving resources change no element.
  let lastOther = -Infinity;
  const watched = new WeakSet();
  const mutations = new MutationObserver(() => (lastMutation = performance.now()));
  // Code that has arrived may be about to run.
  let lastCode = -Infinity;
  const noteResources = (entries) => {
    if (!entries.length) return;
    lastOther = performance.now();
    if (entries.some(({ initiatorType }) => CODE.includes(initiatorType))) lastCode = lastOther;
  };
  const resources = new PerformanceObserver((list) => noteResources(list.getEntries()));
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
    sinceCode: () => {
      noteResources(resources.takeRecords());
      return performance.now() - lastCode;
    },
    last: () => {
      noteResources(resources.takeRecords());
      return Math.max(readMutations(), lastOther);
    },
  };
})();
