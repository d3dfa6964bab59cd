exports.a = '1'
