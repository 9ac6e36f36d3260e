import { amazonFiveCore } from '../amazon.ts';

/** 22,363 users, 12,101 items and 198,502 reviews, according to the papers that use it. */
export const beauty = amazonFiveCore('beauty', 'Beauty');
