export declare const E: number
