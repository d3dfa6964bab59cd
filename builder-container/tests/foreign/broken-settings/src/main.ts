document.body.textContent = "fine"
