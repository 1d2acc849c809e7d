// Small things that everything else uses.

export const element = (id) => document.getElementById(id);

export /** An element with attributes and children; texts are never read as HTML. */
function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
