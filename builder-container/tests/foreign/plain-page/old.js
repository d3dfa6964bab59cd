var old = 1
