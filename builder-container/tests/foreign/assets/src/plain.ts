postMessage("classic")
