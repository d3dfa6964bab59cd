export interface Options {
  step: number
}

enum Direction {
  Up = 1,
  Down = -1,
}

export class Counter {
  #value = 0
  readonly element = document.createElement("button")

  constructor(private options: Options) {
    this.element.addEventListener("click", () => this.turn(Direction.Up))
    this.turn(Direction.Down)
  }

  private turn(direction: Direction) {
    this.#value += direction * this.options.step
    this.element.textContent = `counted to ${this.#value}`
  }
}
