// Why an element does not take what a person does, though it may later: it is disabled, read-only or inert.
// Called by `reach.js` and from `act/reach.rs`.

const closestDrawn = (element, selector) => {
  for (let at = element; at; at = drawnIn(at)) if (at.matches(selector)) return at;
  return null;
};

// The disabled control that the element is, lies in, or is the label of. What else lies in a disabled fieldset is not
// disabled.
const disabledAround = (element) => {
  const around = closestDrawn(element, ":disabled:not(fieldset)");
  const control = controlOf(element);
  return around || (control?.matches(":disabled") ? control : null);
};

// The dialog in front of the element, while only that takes anything.
const dialogInFront = (element) => {
  if (!CSS.supports("selector(:modal)")) return null;
  const open = [...document.querySelectorAll("dialog:modal")];
  return open.some((dialog) => isWithin(element, dialog)) ? null : open.pop() || null;
};

// What is done only if the element is enabled. `text` also needs a field that can be edited.
const NEEDS_ENABLED = ["press", "drag", "check", "field", "text", "keys"];

// `{ why, name }`: why the element takes nothing, and what the reason lies in.
const hindranceOf = (element, kind) => {
  const because = (why, it) => it && { why, name: nameOf(it) };
  const disabled = NEEDS_ENABLED.includes(kind) && because("is disabled", disabledAround(element));
  if (disabled || !["text", "keys"].includes(kind)) return disabled || null;
  return (
    because("is inert", closestDrawn(element, "[inert]")) ||
    because("lies behind an open dialog", dialogInFront(element)) ||
    (kind === "text" && element.readOnly ? because("is read-only", element) : null)
  );
};
