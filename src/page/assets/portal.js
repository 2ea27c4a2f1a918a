// Says that a browser is really looking: what only fetches pages does not run this.
const { beacon, events } = document.body.dataset;
if (beacon) navigator.sendBeacon(beacon);

// On a phone the bar of sections is longer than the screen: the one that is open is brought into view.
const row = () => document.querySelector("#sections ul");
const here = row()?.querySelector("[aria-current]")?.closest("li");
if (here) row().scrollLeft = here.offsetLeft - (row().clientWidth - here.clientWidth) / 2;

// Shows what changes while the page is open, and says so to who cannot see it.
if (events) {
  const content = document.getElementById("content");
  const told = document.getElementById("told");
  const fields = () => [...content.querySelectorAll("textarea, select, input:not([type=hidden])")];
  const initial = (field) => field.defaultValue ?? field.querySelector("option[selected]")?.value ?? "";
  let due;
  const renew = async () => {
    // What is being sent or typed is not taken away.
    const [sending, typing] = [document.body.hasAttribute("data-sending"), content.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")];
    if (sending || typing) return void (due = setTimeout(renew, 2000));
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("content");
    if (!answer.ok || !fresh) return location.reload();
    const [sections, counted] = [document, page].map((of) => of.getElementById("sections"));
    if (!sections !== !counted) return location.reload();
    if (sections) {
      const far = row().scrollLeft;
      sections.replaceChildren(...counted.childNodes);
      row().scrollLeft = far;
    }
    // A file that somebody looks at stays: a film would begin anew, and a PDF's pages would be gone.
    if (content.querySelector(".view-body")) return;
    const typed = fields().filter((field) => field.value !== initial(field));
    const focused = content.contains(document.activeElement) && document.activeElement.id;
    // Chosen files can be given to another field, and their names cannot.
    const kept = typed.map(({ id, files, value }) => [id, files ? { files } : { value }]);
    // What the page has just answered stays to be read.
    const answers = [...content.querySelectorAll(".told, .trouble")].reverse();
    if (!fresh.querySelector(".told, .trouble")) {
      for (const answer of answers) {
        const box = fresh.querySelector([answer.parentElement.localName, ...answer.parentElement.classList].join("."));
        const heading = box?.querySelector(":scope > h2");
        if (heading) heading.after(answer.cloneNode(true));
        else box?.prepend(answer.cloneNode(true));
      }
    }
    // What somebody has opened stays open.
    for (const { id } of content.querySelectorAll("details[id][open]")) fresh.querySelector(`#${id}`)?.setAttribute("open", "");
    if (fresh.innerHTML === content.innerHTML) return;
    content.replaceChildren(...fresh.childNodes);
    // What somebody is typing stays theirs.
    for (const [id, held] of kept) {
      const field = id && document.getElementById(id);
      if (field) Object.assign(field, held);
    }
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    told.textContent = "";
    told.textContent = "This page has just been brought up to date.";
  };
  const source = new EventSource(events);
  // Before the first event a browser that reconnects cannot say what it saw last.
  let opened = false;
  source.addEventListener("open", () => {
    if (opened) renew();
    opened = true;
  });
  source.addEventListener("next", ({ data }) => {
    if (JSON.parse(data).errors) return location.reload();
    clearTimeout(due);
    due = setTimeout(renew, 150);
  });
  source.addEventListener("complete", () => source.close());
}
