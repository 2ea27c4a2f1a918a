// Says that a browser is really looking: what only fetches pages does not run this.
const beacon = document.body.dataset.beacon;
if (beacon) navigator.sendBeacon(beacon);
