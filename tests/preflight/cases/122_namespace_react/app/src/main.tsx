const [a] = React.useState(0)
console.log(a)
