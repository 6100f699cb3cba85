import { sweepFaults } from '../_support/request-faults.js';

sweepFaults('ws');
