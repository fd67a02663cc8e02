/** Who gets how much of a listening TCP port before he has proved who he is. */
export { type Admission, type AdmissionCounts, type AdmissionOptions, admit } from './admission.ts';
export { type AdmissionLimits, defaultLimits } from './limits.ts';
