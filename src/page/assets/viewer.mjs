// Shows a PDF, each page as it is scrolled to. Without script, or if it fails, there is the download.
import { GlobalWorkerOptions, getDocument } from "./pdf.min.mjs";

GlobalWorkerOptions.workerSrc = new URL("./pdf.worker.min.mjs", import.meta.url).href;
const view = document.getElementById("pdf");
const told = document.getElementById("pdf-told");

const draw = async (pdf, number, canvas) => {
  const page = await pdf.getPage(number);
  const [width] = [canvas.clientWidth * Math.min(devicePixelRatio, 2)];
  const viewport = page.getViewport({ scale: width / page.getViewport({ scale: 1 }).width });
  canvas.width = viewport.width;
  canvas.height = viewport.height;
  await page.render({ canvas, canvasContext: canvas.getContext("2d"), viewport }).promise;
};

try {
  const pdf = await getDocument({
    url: view.dataset.pdf,
    disableFontFace: true,
    isEvalSupported: false,
    useSystemFonts: false,
    useWasm: false,
  }).promise;
  const first = (await pdf.getPage(1)).getViewport({ scale: 1 });
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        draw(pdf, Number(target.dataset.page), target);
      }
    },
    { rootMargin: "50%" },
  );
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const canvas = document.createElement("canvas");
    canvas.dataset.page = number;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Page ${number} of ${pdf.numPages}`);
    canvas.style.aspectRatio = `${first.width} / ${first.height}`;
    view.append(canvas);
    seen.observe(canvas);
  }
  told.textContent = pdf.numPages === 1 ? "1 page" : `${pdf.numPages} pages`;
} catch {
  told.textContent = "This file cannot be shown here. Please download it.";
}
