// The box that an element stands for: a check box, a radio button or a switch, of the browser or of the page.
// Called by `reach.js` and from `act/form.rs`.

const BOXES =
  "input[type=checkbox], input[type=radio], [role=checkbox], [role=radio], [role=switch], [role=menuitemcheckbox], [role=menuitemradio]";

// Custom elements know their state by themselves.
const isBox = (element) => element.matches(BOXES) || (element.localName.includes("-") && typeof element.checked === "boolean");

// The box itself, or the one of the label or the box that the element lies in; null if there is none.
const checkBoxOf = (element) => {
  if (isBox(element)) return element;
  const label = element.closest("label");
  const labelled = label && (label.control || label.querySelector(BOXES));
  if (labelled && isBox(labelled)) return labelled;
  for (let around = drawnIn(element); around; around = drawnIn(around)) if (isBox(around)) return around;
  return null;
};

// Whether the box of an element is checked, or else what the element is.
const boxState = (element) => {
  const box = checkBoxOf(element);
  if (!box) return { is: nameOf(element) };
  const isChecked = box.localName === "input" || typeof box.checked === "boolean" ? box.checked : box.getAttribute("aria-checked") === "true";
  return { isChecked: Boolean(isChecked) };
};
