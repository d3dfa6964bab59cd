console.log(<Nope />)
