
// Sends files with a bar that says how far it has come. Without this the form works as it is.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form.send");
  if (!form) return;
  event.preventDefault();
  const [area, button] = [form.querySelector(".sending"), form.querySelector(".button")];
  const [bar, said] = [area.querySelector("progress"), area.querySelector("p")];
  const body = new FormData(form);
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = Math.round((100 * loaded) / total);
    // It is read aloud, so it does not change with every piece.
    const text = loaded < total ? `${Math.floor((10 * loaded) / total)}0% sent` : "Looking at what came";
    if (said.textContent !== text) said.textContent = text;
  });
  const failed = () => {
    document.body.removeAttribute("data-sending");
    button.disabled = false;
    said.textContent = "The connection broke off. Please try again.";
  };
  request.addEventListener("error", failed);
  request.addEventListener("abort", failed);
  request.addEventListener("load", () => {
    document.body.removeAttribute("data-sending");
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const fresh = page.getElementById("content");
    if (!fresh) return location.reload();
    document.getElementById("content").replaceChildren(...fresh.childNodes);
    if (!location.pathname.endsWith("/files")) history.replaceState(null, "", form.action);
    const told = document.querySelector(".send .told, .send .trouble");
    if (!told) return;
    // The button that had the focus is gone; what became of it is read to who cannot see it.
    told.tabIndex = -1;
    told.focus({ preventScroll: true });
    told.scrollIntoView({ block: "center" });
  });
  document.body.setAttribute("data-sending", "");
  button.disabled = true;
  area.hidden = false;
  bar.value = 0;
  said.textContent = "Sending";
  request.open("POST", form.action);
  request.send(body);
});

// Files that are dropped on the form are chosen.
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const drop = event.target.closest?.(".drop");
    if (!drop) return;
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) drop.querySelector("input").files = event.dataTransfer.files;
  });
}
