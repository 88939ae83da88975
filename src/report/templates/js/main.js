// Start: replace the plain list by the application, and follow the address.

function stepShot(direction) {
  const order = shownInOrder();
  if (order.length === 0) return;
  const here = order.indexOf(state.shot);
  const next = here < 0 ? 0 : clamp(here + direction, 0, order.length - 1);
  if (order[next] !== state.shot) openShot(order[next]);
}

// On a wide page something is always open; a narrow one begins with the list.
function followAddress() {
  const id = readAddress();
  byId("search").value = state.query;
  renderChips();
  renderList();
  const shot = shotsById.get(id) ?? null;
  if (shot) openShot(shot);
  else if (wideLayout() && shots.length > 0) preview(shownInOrder()[0] ?? shots[0]);
  else showNoShot();
  if (id && !shot) byId("list-status").textContent = `This report holds no shot “${id}”.`;
}

// Shown without being asked for, so the address stays as it was.
function preview(shot) {
  state.shot = shot;
  renderDetail(shot);
  markCurrentRow();
}

function start() {
  byId("plain").remove();
  byId("app").hidden = false;
  document.body.classList.add("scripted");
  renderHelp();
  followAddress();
  byId("search").addEventListener("input", (event) => setQuery(event.target.value));
  addEventListener("keydown", onKeyDown);
  addEventListener("keyup", onKeyUp);
  addEventListener("popstate", followAddress);
}

start();
