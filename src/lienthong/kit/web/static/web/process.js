// Draws the process beside its list, with the place marked. Without scripts the list alone is there.
const part = document.querySelector("[data-bpmn]");
const ways = { in: 1.3, out: 1 / 1.3 };

async function draw() {
  const answer = await fetch(part.dataset.bpmn);
  if (!answer.ok) return;
  part.hidden = false;
  const viewer = new BpmnJS({ container: part.querySelector(".diagram__canvas") });
  await viewer.importXML(await answer.text());
  const canvas = viewer.get("canvas");
  const registry = viewer.get("elementRegistry");
  const [place] = part.dataset.place.split(" ");
  canvas.zoom("fit-viewport", "auto");
  if (canvas.zoom() < 0.6 && registry.get(place)) {
    // On a phone the whole would be too small to read: begin at the place.
    canvas.zoom(0.8);
    canvas.scrollToElement(place, 60);
  }
  for (const mark of ["place", "passed"]) {
    for (const name of part.dataset[mark].split(" ").filter(Boolean)) {
      if (registry.get(name)) canvas.addMarker(name, mark);
    }
  }
  part.addEventListener("click", ({ target }) => {
    const way = target.dataset.zoom;
    if (way) canvas.zoom(way === "fit" ? "fit-viewport" : canvas.zoom() * ways[way], "auto");
  });
}

draw();
